//! What to try next, each line ready to paste.

use super::Layout;
use crate::config::Config;

/// Prints the steps for this configuration.
pub(crate) fn print(layout: &Layout, config: &Config) {
    let (tsa, eseal) = (config.listen.tsa, config.listen.eseal);
    let data = layout.root.display();
    println!(
        "\
Kokuin serves development material. NOT FOR PRODUCTION: loopback only, clock unmeasured, keys in files.

  time-stamps  http://{tsa}/tsa
  seals        http://{eseal}/v1/seals
  log          http://{tsa}/log/checkpoint

Try in another terminal; `kokuin` is in target/release, and so is the verifier after the first line:

  cargo build --release -p kokuin-verify && export PATH=\"$PWD/target/release:$PATH\"

  kokuin timestamp README.md --tsa http://{tsa}/tsa
  kokuin-verify README.md.tsr --data README.md --trust {data}/ca/root.pem --crl {data}/ca/root.crl
  kokuin-verify receipt README.md.tsr.tlog-proof --for README.md.tsr --vkey {data}/log/main.vkey

  kokuin seal README.md --format cades -o README.md.p7s --api http://{eseal} --token-file {data}/api-token
  kokuin-verify README.md.p7s --data README.md --trust {data}/ca/root.pem --crl {data}/ca/root.crl

  openssl ts -query -data README.md -sha256 -cert -out q.tsq
  curl -sS -H 'Content-Type: application/timestamp-query' --data-binary @q.tsq http://{tsa}/tsa -o r.tsr
  openssl ts -verify -in r.tsr -queryfile q.tsq -CAfile {data}/ca/root.pem

  kokuin audit show --data {data}
  kokuin audit verify --data {data}

Stop with Ctrl-C."
    );
}
