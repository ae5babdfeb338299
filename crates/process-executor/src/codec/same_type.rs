//! "Is this generic value a `Vec<u8>`?", asked where serde does not promise `'static` and `Any` cannot be used.
#![expect(unsafe_code, reason = "type ids without lifetimes, for elements that serde hides")]

use std::any::TypeId;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;

/// The id of `T` with its lifetimes erased.
fn type_id<T: ?Sized>() -> TypeId {
    trait Ask {
        fn id(&self) -> TypeId
        where
            Self: 'static;
    }
    impl<T: ?Sized> Ask for PhantomData<T> {
        fn id(&self) -> TypeId
        where
            Self: 'static,
        {
            TypeId::of::<T>()
        }
    }
    let here = PhantomData::<T>;
    let object: &dyn Ask = &here;
    // SAFETY: only the lifetime bound of the trait object changes, not its layout; `id` looks at no data, and the
    // reference does not leave this function.
    let object = unsafe { std::mem::transmute::<&dyn Ask, &(dyn Ask + 'static)>(object) };
    object.id()
}

/// `value`, if it is a `Vec<u8>`.
pub(super) fn as_bytes<T: ?Sized>(value: &T) -> Option<&Vec<u8>> {
    // SAFETY: `T` is `Vec<u8>` but for lifetimes, and `Vec<u8>` has none.
    (type_id::<T>() == type_id::<Vec<u8>>()).then(|| unsafe { &*std::ptr::from_ref(value).cast::<Vec<u8>>() })
}

/// Whether `S` is the seed by which serde asks for a `Vec<u8>`.
pub(super) fn asks_for_bytes<S>() -> bool {
    type_id::<S>() == type_id::<PhantomData<Vec<u8>>>()
}

/// `bytes` as a `V`, if that is a `Vec<u8>`.
pub(super) fn from_bytes<V>(bytes: Vec<u8>) -> Result<V, Vec<u8>> {
    if type_id::<V>() != type_id::<Vec<u8>>() {
        return Err(bytes);
    }
    let bytes = ManuallyDrop::new(bytes);
    // SAFETY: `V` is `Vec<u8>` but for lifetimes, and `Vec<u8>` has none; the original is never dropped.
    Ok(unsafe { std::mem::transmute_copy::<ManuallyDrop<Vec<u8>>, V>(&bytes) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_vec_of_bytes_is_one() {
        assert_eq!(as_bytes(&vec![1_u8]), Some(&vec![1_u8]));
        assert_eq!(as_bytes(&vec![1_i8]), None);
        assert_eq!(as_bytes("text"), None);
        let local = [1_u8];
        assert_eq!(as_bytes::<&[u8]>(&&local[..]), None);
        assert!(asks_for_bytes::<PhantomData<Vec<u8>>>());
        assert!(!asks_for_bytes::<PhantomData<Vec<u16>>>() && !asks_for_bytes::<Vec<u8>>());
        assert_eq!(from_bytes::<Vec<u8>>(vec![3]), Ok(vec![3]));
        assert_eq!(from_bytes::<String>(vec![3]), Err(vec![3]));
    }
}
