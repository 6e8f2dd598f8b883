//! What to try next, each line ready to paste.

use super::Layout;
use crate::config::Config;

/// Prints the steps for this configuration.
pub(crate) fn print(layout: &Layout, config: &Config) {
    let (tsa, eseal) = (config.listen.tsa, config.listen.eseal);
    let data = layout.root.display();
    let vkey = layout.vkey(&config.log.name);
    let vkey = vkey.display();
    // With whom to trust, and by which name, only who made the certificate knows.
    let (scheme, ca, curl) = match config.listen.tls {
        Some(_) => ("https", " --tls-ca TLS-ROOT.pem", " --cacert TLS-ROOT.pem"),
        None => ("http", "", ""),
    };
    println!(
        "\
Kokuin serves development material. NOT FOR PRODUCTION: loopback only, clock unmeasured, keys in files.

  time-stamps  {scheme}://{tsa}/tsa
  seals        {scheme}://{eseal}/v1/seals
  log          {scheme}://{tsa}/log/checkpoint

Try in another terminal; `kokuin` is in target/release, and so is the verifier after the first line:

  cargo build --release -p kokuin-verify && export PATH=\"$PWD/target/release:$PATH\"

  kokuin timestamp README.md --tsa {scheme}://{tsa}/tsa{ca}
  kokuin-verify README.md.tsr --data README.md --trust {data}/ca/root.pem --crl {data}/ca/root.crl
  kokuin-verify receipt README.md.tsr.tlog-proof --for README.md.tsr --vkey {vkey}

  kokuin seal README.md --format cades -o README.md.p7s --api {scheme}://{eseal} --token-file {data}/api-token{ca}
  kokuin-verify README.md.p7s --data README.md --trust {data}/ca/root.pem --crl {data}/ca/root.crl

  openssl ts -query -data README.md -sha256 -cert -out q.tsq
  curl -sS{curl} -H 'Content-Type: application/timestamp-query' --data-binary @q.tsq {scheme}://{tsa}/tsa -o r.tsr
  openssl ts -verify -in r.tsr -queryfile q.tsq -CAfile {data}/ca/root.pem

  kokuin audit show --data {data}
  kokuin audit verify --data {data}

Stop with Ctrl-C."
    );
}
