//! What the rules look at, read from `cargo metadata`.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::{CargoOpt, DependencyKind, MetadataCommand};

/// Members, the graph of everything that is linked into a binary, and the features that are on.
#[derive(Clone, Debug)]
pub(crate) struct Workspace {
    pub(crate) members: Vec<Member>,
    /// From a package to one that it links or builds with, by name; no development dependencies.
    pub(crate) graph: Vec<(String, String)>,
    /// Package and feature.
    pub(crate) features: Vec<(String, String)>,
    pub(crate) unsafe_is_forbidden: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) uses: Vec<(String, Kind)>,
    pub(crate) inherits_lints: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Normal,
    Development,
}

/// The folder of the whole.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

impl Workspace {
    pub(crate) fn load() -> Self {
        let metadata = MetadataCommand::new()
            .manifest_path(root().join("Cargo.toml"))
            .features(CargoOpt::AllFeatures)
            .other_options(["--locked".to_owned(), "--filter-platform".to_owned(), platform()])
            .exec()
            .unwrap();
        let members = metadata
            .workspace_packages()
            .into_iter()
            .map(|package| Member {
                name: package.name.to_string(),
                uses: package.dependencies.iter().map(|used| (used.name.clone(), kind(used.kind))).collect(),
                inherits_lints: inherits_lints(&fs::read_to_string(&package.manifest_path).unwrap()),
            })
            .collect();
        let names: HashMap<_, _> =
            metadata.packages.iter().map(|package| (&package.id, package.name.to_string())).collect();
        let (mut graph, mut features) = (Vec::new(), Vec::new());
        for node in &metadata.resolve.as_ref().unwrap().nodes {
            let name = &names[&node.id];
            features.extend(node.features.iter().map(|feature| (name.clone(), feature.to_string())));
            for used in &node.deps {
                if used.dep_kinds.iter().any(|used| kind(used.kind) == Kind::Normal) {
                    graph.push((name.clone(), names[&used.pkg].clone()));
                }
            }
        }
        let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
        let unsafe_is_forbidden = manifest.lines().any(|line| line == "unsafe_code = \"forbid\"");
        Self { members, graph, features, unsafe_is_forbidden }
    }

    /// Names of all packages that `from` links or builds with, however deep.
    pub(crate) fn reach(&self, from: &str) -> BTreeSet<String> {
        let mut reached = BTreeSet::new();
        let mut next = vec![from.to_owned()];
        while let Some(name) = next.pop() {
            for (_, used) in self.graph.iter().filter(|(user, _)| *user == name) {
                if reached.insert(used.clone()) {
                    next.push(used.clone());
                }
            }
        }
        reached
    }
}

/// Kokuin runs on Linux; what other systems would link is not looked at.
fn platform() -> String {
    format!("{}-unknown-linux-gnu", std::env::consts::ARCH)
}

fn kind(kind: DependencyKind) -> Kind {
    match kind {
        DependencyKind::Development => Kind::Development,
        DependencyKind::Normal | DependencyKind::Build | DependencyKind::Unknown => Kind::Normal,
    }
}

fn inherits_lints(manifest: &str) -> bool {
    let mut lines = manifest.lines().skip_while(|line| *line != "[lints]").skip(1);
    let inherits = lines.next() == Some("workspace = true");
    inherits && lines.all(|line| line.is_empty() || line.starts_with('['))
}
