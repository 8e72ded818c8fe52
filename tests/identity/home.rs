//! What is kept, is kept in one folder.

use parlor::identity::{DataDir, HomeError};

#[test]
fn the_chosen_folder_holds_identity_and_pins() {
    let parent = tempfile::tempdir().unwrap();
    let home = DataDir::resolve(Some(parent.path().join("parlor"))).unwrap();
    assert!(!home.path().exists(), "choosing creates nothing");
    let identity = home.identity().unwrap();
    assert_eq!(home.identity().unwrap().fingerprint(), identity.fingerprint());
    assert_eq!(home.pins().find(&identity.fingerprint()).unwrap(), None);
}

#[test]
fn an_empty_path_is_no_folder() {
    assert_eq!(DataDir::resolve(Some("".into())), Err(HomeError::Empty));
}
