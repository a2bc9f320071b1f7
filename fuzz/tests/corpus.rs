//! Runs every kept input of every target, without libFuzzer: what once broke one stays mended.

use std::path::Path;

use longear_fuzz::{CORE, NODE};

#[test]
fn every_kept_input_of_every_target_passes() {
    let mut failed = Vec::new();
    for (program, targets) in [("core", CORE), ("node", NODE)] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(program);
        let mut names = names_in(&folder);
        names.sort();
        assert_eq!(names, targets.iter().map(|target| target.name).collect::<Vec<_>>(), "folders of {program}");
        for target in targets {
            let inputs = names_in(&folder.join(target.name));
            assert!(!inputs.is_empty(), "{} has no input", target.name);
            for input in inputs {
                let bytes = std::fs::read(folder.join(target.name).join(&input)).expect("it is readable");
                let run = || (target.run)(&bytes);
                failed.extend(std::panic::catch_unwind(run).err().map(|_| format!("{} {input}", target.name)));
            }
            [&[][..], &[0], &[255; 40]].iter().for_each(|input| (target.run)(input));
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("it is a folder");
    entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect()
}
