//! Tensors of bfloat16 by `DLPack`: NumPy has no such type and refuses them, so it gets the same
//! memory as unsigned integers, which `ml_dtypes` then names.

use std::ffi::c_void;

use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

/// `DLTensor` of `dlpack.h` as far as it is needed here: what a `DLManagedTensor` begins with.
#[repr(C)]
struct Tensor {
    data: *mut c_void,
    device: [i32; 2],
    dimensions: i32,
    code: u8,
    bits: u8,
    lanes: u16,
}

/// `kDLUInt` and `kDLBfloat`.
const UNSIGNED: u8 = 1;
const BFLOAT: u8 = 4;

/// What NumPy reads instead of the tensor: its capsule, relabelled.
#[pyclass(frozen)]
struct Relabelled {
    capsule: Py<PyAny>,
    device: Py<PyAny>,
}

#[pymethods]
impl Relabelled {
    #[pyo3(signature = (**_options))]
    fn __dlpack__(&self, py: Python<'_>, _options: Option<&Bound<'_, PyAny>>) -> Py<PyAny> {
        self.capsule.clone_ref(py)
    }

    fn __dlpack_device__(&self, py: Python<'_>) -> Py<PyAny> {
        self.device.clone_ref(py)
    }
}

/// The values of a bfloat16 tensor as a NumPy array of `ml_dtypes.bfloat16`, without a copy; `None`
/// for anything else.
pub fn bfloat16<'py>(x: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = x.py();
    let dlpack = intern!(py, "__dlpack__");
    let named = |dtype: Bound<'_, PyAny>| Ok(dtype.str()?.to_str()?.ends_with("bfloat16"));
    let bfloat = x.getattr(intern!(py, "dtype")).and_then(named).unwrap_or(false);
    if !bfloat || !x.hasattr(dlpack)? {
        return Ok(None);
    }
    let device = x.call_method0(intern!(py, "__dlpack_device__"))?;
    let capsule = x.call_method0(dlpack)?.cast_into::<PyCapsule>()?;
    // SAFETY: a capsule of this name holds a `DLManagedTensor`, which begins with a `DLTensor` and
    // belongs to whoever got the capsule; the name is compared by the call itself.
    unsafe {
        let tensor = ffi::PyCapsule_GetPointer(capsule.as_ptr(), c"dltensor".as_ptr());
        if tensor.is_null() {
            return Err(PyErr::fetch(py));
        }
        let tensor = tensor.cast::<Tensor>();
        if (*tensor).code != BFLOAT || (*tensor).bits != 16 || (*tensor).lanes != 1 {
            return Ok(None);
        }
        (*tensor).code = UNSIGNED;
    }
    let relabelled = Relabelled { capsule: capsule.into_any().unbind(), device: device.unbind() };
    let array = py.import("numpy")?.call_method1("from_dlpack", (relabelled,))?;
    let dtype = py.import("ml_dtypes")?.getattr("bfloat16")?;
    array.call_method1(intern!(py, "view"), (dtype,)).map(Some)
}
