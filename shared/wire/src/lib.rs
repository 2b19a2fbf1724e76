//! Between the messages of `opsec.v1` and the model, by hand, both ways: `encode_*` cannot lose
//! anything, `decode_*` refuses what the model has no word for and names the field.

mod baseline;
mod facts;
mod field;
mod finding;
mod object;
mod operator;
mod path;
mod report;
mod snapshot;
mod words;

pub use baseline::{decode_baseline, encode_baseline};
pub use field::{FieldError, Problem};
pub use object::{decode_notices, encode_notices};
pub use operator::{decode_operator, encode_operator};
pub use path::{decode_path, encode_path};
pub use report::{decode_report, encode_report};
pub use snapshot::{decode_snapshot, encode_snapshot};
pub use words::{
    decode_allowed, decode_half, decode_install_mode, decode_severity, encode_allowed, encode_half,
    encode_install_mode, encode_severity,
};
