//! Bytes of manifests into a snapshot, as kubectl reads them.
//!
//! Pure: text, split, parse, place, decode. Reading reduces: what the model's types do not
//! declare is gone when [`read()`] returns, Secret data above all. What the API server would refuse
//! becomes a notice and grants nothing; what is no manifest at all is a [`ManifestError`].

mod aliases;
mod alike;
mod compose;
mod decode;
mod decoder;
mod document;
mod error;
mod input;
mod invalid;
mod json;
mod lines;
mod live;
mod memory;
mod node;
mod object;
mod olm;
mod params;
mod path;
mod place;
mod read;
mod repeats;
mod scalar;
mod schemas;
mod scope;
mod skip;
mod split;
mod subjects;
mod text;
mod typed;
mod validate;
mod words;

pub use document::{Document, read_documents};
pub use error::{ManifestError, NamedNamespaces};
pub use input::{Input, Limits, Manifests, Options};
pub use live::{LiveObjects, NotUnderstood, ParameterQuery};
pub use olm::InstallOptions;
pub use read::read;
pub use scope::{is_gateway_route, is_other_network_policy};
