//! stub
#[derive(Debug)]
#[allow(missing_docs)]
pub struct BlobStore;
#[allow(missing_docs)]
impl BlobStore {
    pub fn open(_: std::sync::Arc<dyn crate::backend::StorageBackend>) -> Self {
        BlobStore
    }
}
