//! The packages of `wit/`, parsed and resolved together with the vendored WASI packages.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use wit_parser::{PackageId, Resolve, UnresolvedPackageGroup, WorldId};

/// Folder with the vendored packages, one file for each.
const VENDORED: &str = "deps";

/// All packages, resolved.
pub struct Contracts {
    /// Every package, ours and vendored.
    pub resolve: Resolve,
    /// The packages that are ours.
    pub packages: Vec<PackageId>,
}

impl Contracts {
    /// Parses one package from each folder of `wit`, and one from each file of `wit/deps`.
    ///
    /// # Errors
    /// The folder cannot be read, a file does not parse, or a name does not resolve; the text
    /// points at the place.
    pub fn load(wit: &Path) -> Result<Self> {
        let mut groups = Vec::new();
        for file in wit_files(&wit.join(VENDORED))? {
            groups.push(parse_file(&file)?);
        }
        let mut names = Vec::new();
        for folder in package_folders(wit)? {
            let group = UnresolvedPackageGroup::parse_dir(&folder)?;
            names.push(group.main.name.clone());
            groups.push(group);
        }
        let main = groups
            .pop()
            .with_context(|| format!("no package in `{}`", wit.display()))?;

        let mut resolve = Resolve::new();
        if let Err(error) = resolve.push_groups(main, groups) {
            let error = anyhow::Error::from(error);
            return Err(anyhow!(
                "contracts do not resolve: {}",
                resolve.render_error(&error)
            ));
        }
        let packages = names
            .iter()
            .filter_map(|name| resolve.package_names.get(name).copied())
            .collect();
        Ok(Self { resolve, packages })
    }

    /// The world of a full name such as `imagegen:auth/policy@0.1.0`; the version may be left out.
    ///
    /// # Errors
    /// There is no such world.
    pub fn world(&self, name: &str) -> Result<WorldId> {
        self.resolve
            .select_world(&self.packages, Some(name))
            .with_context(|| format!("no world of that name: `{name}`"))
    }
}

/// The folders of `wit` that hold one of our packages each, in order.
///
/// # Errors
/// The folder cannot be read.
pub fn package_folders(wit: &Path) -> Result<Vec<PathBuf>> {
    let folders = entries(wit)?;
    Ok(folders
        .into_iter()
        .filter(|path| path.is_dir() && !path.ends_with(VENDORED))
        .collect())
}

/// The `.wit` files of a folder, in order.
///
/// # Errors
/// The folder cannot be read.
pub fn wit_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let files = entries(folder)?;
    Ok(files
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "wit"))
        .collect())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let listing =
        fs::read_dir(folder).with_context(|| format!("cannot list `{}`", folder.display()))?;
    let mut paths = listing
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

fn parse_file(path: &Path) -> Result<UnresolvedPackageGroup> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    UnresolvedPackageGroup::parse(path, &text)
        .map_err(|(map, error)| anyhow!("{}", error.render(&map)))
}
