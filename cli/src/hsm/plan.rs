//! `kokuin hsm plan` and `drift`.

use std::process::ExitCode;

use kokuin_hsm_config::plan::{Finding, Plan, Step, Touches, compare};
use serde_json::json;

use super::{
    DIFFERS,
    place::{Place, Which, told},
};

/// Which device.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    which: Which,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// Who looks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Reader {
    /// The audit login alone, as the service does.
    Audit,
    /// The factory's key too, where it opens.
    AnyLogin,
}

pub(super) fn run(args: &Args, reader: Reader) -> anyhow::Result<ExitCode> {
    let place = Place::open(&args.which)?;
    let mut session = match reader {
        Reader::Audit => place.reader()?,
        Reader::AnyLogin => place.reader_or_factory()?,
    };
    let plan = compare(&place.manifest, &session.inventory(&place.station).map_err(told)?);
    if args.json {
        println!("{}", as_json(&place, &plan)?);
    } else {
        print(&place, &plan, reader)?;
    }
    Ok(if plan.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(DIFFERS) })
}

fn print(place: &Place, plan: &Plan, reader: Reader) -> anyhow::Result<()> {
    let device = &place.manifest.device;
    if plan.is_empty() {
        println!("{} ({}): as the manifest says", device.name, device.serial);
        return Ok(());
    }
    for finding in plan.findings() {
        let code = finding.difference.code();
        println!("differs  {} ({code}; touches {})", finding.difference, touched(finding));
    }
    if reader == Reader::Audit {
        return Ok(());
    }
    for step in plan.steps(&[])? {
        println!("step     {step}");
    }
    for name in plan.obstacles() {
        println!("stays    {name}, unless `apply --delete {name}` names it");
    }
    for difference in plan.unsolvable() {
        println!("no step  {difference}");
    }
    Ok(())
}

fn touched(finding: &Finding) -> String {
    match &finding.touches {
        Touches::EveryKey => "every key".to_owned(),
        Touches::Nothing => "no key".to_owned(),
        Touches::Keys(keys) => keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    }
}

fn as_json(place: &Place, plan: &Plan) -> anyhow::Result<serde_json::Value> {
    let differences: Vec<_> = plan.findings().iter().map(|finding| {
        let touches = match &finding.touches {
            Touches::EveryKey => json!("every-key"),
            Touches::Nothing => json!([]),
            Touches::Keys(keys) => json!(keys),
        };
        let difference = &finding.difference;
        json!({ "code": difference.code(), "clause": difference.clause(), "text": difference.to_string(), "touches": touches })
    }).collect();
    Ok(json!({
        "device": place.manifest.device.name,
        "serial": place.manifest.device.serial,
        "differences": differences,
        "steps": plan.steps(&[])?.iter().map(Step::to_string).collect::<Vec<_>>(),
        "to_delete": plan.obstacles().iter().map(ToString::to_string).collect::<Vec<_>>(),
        "no_step": plan.unsolvable().map(ToString::to_string).collect::<Vec<_>>(),
    }))
}
