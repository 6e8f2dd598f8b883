//! RFC 3161: requests, responses, and what a token says.

mod accuracy;
mod gen_time;
mod imprint;
mod request;
mod response;
mod status;
mod tst_info;

pub use accuracy::Accuracy;
pub use gen_time::GenTime;
pub use imprint::MessageImprint;
pub use request::{MAX_NONCE, RequestBuilder, TimeStampReq};
pub use response::{TimeStampResp, encode_granted, encode_rejection};
pub use status::{FailureInfo, PkiStatus};
pub use tst_info::{TstInfo, TstInfoParts};
