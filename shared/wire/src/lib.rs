//! Between the messages of `opsec.v1` and the model, by hand, both ways: `encode_*` cannot lose
//! anything, `decode_*` refuses what the model has no word for and names the field.

mod access;
mod baseline;
mod comparison;
mod connections;
mod explanation;
mod facts;
mod field;
mod finding;
mod object;
mod operator;
mod path;
mod posture;
mod probe;
mod report;
mod right;
mod snapshot;
mod validation;
mod words;

pub use access::{decode_account_answer, decode_question, encode_account_answer, encode_question};
pub use baseline::{decode_baseline, encode_baseline};
pub use comparison::{decode_comparison, encode_comparison};
pub use connections::{ConnectionTables, decode_connections, encode_connections};
pub use explanation::{decode_explained, decode_explanation, encode_explained, encode_explanation};
pub use field::{FieldError, Problem};
pub use object::{
    decode_account, decode_notices, decode_object, decode_source, encode_account, encode_notices,
    encode_object, encode_source,
};
pub use operator::{decode_operator, encode_operator};
pub use path::{decode_path, encode_path};
pub use posture::{decode_posture, decode_posture_name};
pub use probe::{decode_need, decode_probes, encode_need, encode_probes};
pub use report::{decode_counts, decode_report, encode_counts, encode_report};
pub use right::{decode_right, encode_right};
pub use snapshot::{decode_snapshot, encode_snapshot};
pub use validation::{
    decode_rights_grant, decode_validation, encode_rights_grant, encode_validation,
};
pub use words::{
    decode_allowed, decode_gain, decode_half, decode_install_mode, decode_severity, decode_status,
    encode_allowed, encode_gain, encode_half, encode_install_mode, encode_severity, encode_status,
};
