//! What to do after `kokuin init`, each line ready to paste.

use std::{env, path::PathBuf};

use super::{Args, Service};

/// Prints the steps for the services made.
pub(super) fn print(args: &Args, made: &[(Service, PathBuf)]) {
    let program = env::current_exe().map_or_else(|_| "kokuin".to_owned(), |path| path.display().to_string());
    let root = rustix::process::geteuid().is_root();
    for (service, folder) in made {
        println!("Made {} for `kokuin serve {}`. Next:\n", folder.display(), service.name());
        for (number, step) in steps(args, *service, &folder.display().to_string(), &program, root).iter().enumerate() {
            println!("{}. {step}\n", number + 1);
        }
    }
}

fn steps(args: &Args, service: Service, folder: &str, program: &str, root: bool) -> Vec<String> {
    let name = service.name();
    let config = format!("{folder}/kokuin.toml");
    let kokuin = if root { format!("runuser -u kokuin-{name} -- {program}") } else { program.to_owned() };
    let (key, purpose, profile) = match service {
        Service::Tsa => ("tsu-1", "tst", "tsu"),
        Service::Eseal => ("seal-1", "seal", "seal-jp"),
    };
    let mut steps = Vec::new();
    if root {
        steps.push(format!(
            "Give it a user of its own:
   useradd --system --no-create-home --shell /usr/sbin/nologin kokuin-{name}
   chown -R kokuin-{name}: {folder}"
        ));
    }
    let open = open_decisions(args, service);
    if !open.is_empty() {
        steps.push(format!(
            "Decide what only you can, in {config}:\n   {}\n   \"${{EDITOR:-vi}}\" {config}",
            open.join("\n   ")
        ));
    }
    steps.push(format!(
        "Make the key:\n   {kokuin} keys create --config {config} {key} --algorithm p256 --purpose {purpose}"
    ));
    steps.push(format!(
        "Ask for its certificate, with your organisation's names and number:
   {kokuin} keys csr --config {config} {key} --organization 'Example K.K.' --organization-identifier NTRJP-9000000000000 --common-name 'Example {key}' >{key}.csr"
    ));
    steps.push(format!(
        "Have your CA sign {key}.csr by profile {profile} (docs/profiles.md), put the certificate and its issuers' into {key}.pem, and take it in:
   {program} profile lint {key}.pem --profile {profile}
   {kokuin} keys import-cert --config {config} {key} - <{key}.pem"
    ));
    if service == Service::Eseal {
        steps.push(format!(
            "Say whom seals and their time-stamps must lead to:\n   install -m 644 seal-ca.pem tsa-ca.pem {folder}/trust/"
        ));
    }
    steps.push(format!("Check everything; nothing is issued:\n   {kokuin} serve {name} --config {config} --check"));
    steps.push(format!("Serve:\n   {kokuin} serve {name} --config {config}"));
    steps
}

fn open_decisions(args: &Args, service: Service) -> Vec<&'static str> {
    let mut open = Vec::new();
    if service == Service::Tsa && args.policies.is_empty() {
        open.push("tsa.tsu.policies: the OID of your time-stamp policy");
    }
    if args.clock_sources.len() < 2 {
        open.push("clock.sources: two NTP servers at least");
    }
    if !args.software_keys {
        open.push(
            "keys.not_protected_by_a_device: this build keeps keys in files, which no device protects; take the # away to accept that",
        );
    }
    if service == Service::Eseal {
        open.push("eseal.tenant, eseal.credential.profile, eseal.tsa.url");
    }
    open
}
