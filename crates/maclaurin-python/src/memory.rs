//! Memory of large results, kept when their arrays are gone: fresh memory is a page fault every so
//! often, which costs more than the work whose result goes there.

use std::any::Any;
use std::sync::{Mutex, PoisonError};

use ndarray::{ArrayD, IxDyn};
use numpy::PyArray;
use pyo3::prelude::*;

use crate::array::give;

/// Results of fewer bytes come from memory that the allocator keeps itself.
const LARGE: usize = 1 << 22;

/// The most bytes that are kept: the last used ones.
const MOST: usize = 1 << 28;

/// Memory that nobody uses.
struct Kept {
    bytes: usize,
    /// An array of some type.
    array: Box<dyn Any + Send>,
}

static KEPT: Mutex<Vec<Kept>> = Mutex::new(Vec::new());

/// An array of a shape for a result: memory that was kept, whatever it holds, or what `make` gives.
pub fn fresh<T: numpy::Element + Send + 'static, E>(
    shape: &[usize],
    make: impl FnOnce() -> Result<ArrayD<T>, E>,
) -> Result<ArrayD<T>, E> {
    let count = shape.iter().try_fold(1usize, |product, &extent| product.checked_mul(extent));
    let bytes = count.and_then(|count| count.checked_mul(size_of::<T>())).unwrap_or(0);
    if bytes >= LARGE {
        let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |kept: &Kept| kept.bytes == bytes && kept.array.is::<ArrayD<T>>();
        if let Some(place) = kept.iter().rposition(fits)
            && let Ok(array) = kept.remove(place).array.downcast::<ArrayD<T>>()
            && let Ok(array) =
                ArrayD::from_shape_vec(IxDyn(shape), array.into_raw_vec_and_offset().0)
        {
            return Ok(array);
        }
    }
    make()
}

/// Gives back to the system what is kept for later results.
///
/// Up to 256 MiB of memory of large arrays that maclaurin made are kept when they are no longer in
/// use, for the next result of the same size.
#[pyfunction]
pub fn release_memory() {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner).clear();
}

/// What a large NumPy array's memory belongs to.
#[pyclass(frozen, module = "maclaurin")]
struct Memory {
    bytes: usize,
    array: Mutex<Option<Box<dyn Any + Send>>>,
}

impl Drop for Memory {
    fn drop(&mut self) {
        let array = self.array.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        let Some(array) = array else { return };
        let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push(Kept { bytes: self.bytes, array });
        while kept.iter().map(|kept| kept.bytes).sum::<usize>() > MOST {
            kept.remove(0);
        }
    }
}

/// A result as a NumPy array, whose memory is kept for the next one when it is gone.
pub fn give_back<T: numpy::Element + Send + 'static>(
    py: Python<'_>,
    array: ArrayD<T>,
) -> PyResult<Bound<'_, PyAny>> {
    let bytes = array.len() * size_of::<T>();
    if bytes < LARGE {
        return Ok(give(py, array));
    }
    // A view: its values stay where they are when the array moves.
    let (pointer, shape, strides) = (array.as_ptr(), array.raw_dim(), array.strides().to_vec());
    let strides: Vec<usize> = strides.into_iter().map(|stride| stride as usize).collect();
    let owner = Memory { bytes, array: Mutex::new(Some(Box::new(array))) };
    let owner = Bound::new(py, owner)?;
    // SAFETY: the array's own pointer, shape and strides; the owner holds the array as long as the
    // NumPy array, which holds the owner.
    unsafe {
        let view = ndarray::ArrayView::from_shape_ptr(
            ndarray::ShapeBuilder::strides(shape, IxDyn(&strides)),
            pointer,
        );
        let array = PyArray::borrow_from_array(&view, owner.into_any());
        Ok(array.into_any())
    }
}
