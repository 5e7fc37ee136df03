//! Expansion and convolution as custom calls of XLA, for JAX on CPU.
//!
//! The structures are the part that is used here of XLA's C interface for foreign functions,
//! `xla/ffi/api/c_api.h` of version 0.3, which promises to only add to them.

use std::ffi::{CString, c_char, c_int, c_void};
use std::panic::catch_unwind;

use half::{bf16, f16};
use maclaurin::{
    Convolution, Degrees, Element, Expansion, Float, Kind, Polynomial, Recurrence,
    convolve_backward_input_into, convolve_backward_weight, convolve_into, expand_into,
};
use ndarray::{ArrayView, ArrayViewMut, Dimension, Ix1, Ix4};
use pyo3::prelude::*;

#[repr(C)]
struct Extension {
    size: usize,
    kind: c_int,
    next: *mut Extension,
}

const METADATA: c_int = 1;

#[repr(C)]
struct Version {
    size: usize,
    extension: *mut Extension,
    major: c_int,
    minor: c_int,
}

#[repr(C)]
struct Metadata {
    size: usize,
    version: Version,
}

#[repr(C)]
struct MetadataExtension {
    base: Extension,
    metadata: *mut Metadata,
}

#[repr(C)]
struct ErrorArguments {
    size: usize,
    extension: *mut Extension,
    message: *const c_char,
    code: c_int,
}

const INVALID_ARGUMENT: c_int = 3;

#[repr(C)]
struct Api {
    size: usize,
    extension: *mut Extension,
    version: Version,
    internal: *const c_void,
    create_error: unsafe extern "C" fn(*mut ErrorArguments) -> *mut c_void,
}

/// Arguments and results alike.
#[repr(C)]
struct Buffers {
    size: usize,
    extension: *mut Extension,
    count: i64,
    types: *const c_int,
    entries: *const *const Buffer,
}

#[repr(C)]
struct Buffer {
    size: usize,
    extension: *mut Extension,
    kind: c_int,
    data: *mut c_void,
    rank: i64,
    extents: *const i64,
}

#[repr(C)]
struct Attributes {
    size: usize,
    extension: *mut Extension,
    count: i64,
    types: *const c_int,
    names: *const *const Name,
    values: *const *const Array,
}

const ARRAY: c_int = 1;

#[repr(C)]
struct Name {
    start: *const u8,
    length: usize,
}

#[repr(C)]
struct Array {
    kind: c_int,
    length: usize,
    data: *const c_void,
}

#[repr(C)]
pub struct CallFrame {
    size: usize,
    extension: *mut Extension,
    api: *const Api,
    context: *mut c_void,
    stage: c_int,
    arguments: Buffers,
    results: Buffers,
    attributes: Attributes,
}

/// The interface's names of types.
const S64: c_int = 5;
const F64: c_int = 12;

/// The version of the header that the structures here are of.
const VERSION: (c_int, c_int) = (0, 3);

/// The addresses of the custom calls' handlers: of the expansion and of the convolution.
#[pyfunction]
pub fn xla_handlers() -> (usize, usize) {
    (handle_expansion as *const () as usize, handle_convolution as *const () as usize)
}

/// What XLA calls.
extern "C" fn handle_expansion(frame: *mut CallFrame) -> *mut c_void {
    handle(frame, expansion)
}

/// What XLA calls.
extern "C" fn handle_convolution(frame: *mut CallFrame) -> *mut c_void {
    handle(frame, convolution)
}

fn handle(frame: *mut CallFrame, call: fn(&CallFrame) -> Result<(), String>) -> *mut c_void {
    // SAFETY: XLA gives a frame that is alive during the call, of at least the fields above.
    let frame = unsafe { &*frame };
    if !frame.extension.is_null() {
        // SAFETY: extensions begin with their type; one of metadata goes on as the structure says.
        unsafe {
            if (*frame.extension).kind == METADATA {
                let metadata = (*frame.extension.cast::<MetadataExtension>()).metadata;
                let version = &raw mut (*metadata).version;
                (*version).major = VERSION.0;
                // An older host has all that is used here.
                let host = frame.api.as_ref().map_or(VERSION.1, |api| api.version.minor);
                (*version).minor = VERSION.1.min(host);
                return std::ptr::null_mut();
            }
        }
    }
    // A panic must not cross into C++.
    let result = catch_unwind(|| call(frame)).unwrap_or_else(|_| Err("it panicked".into()));
    let Err(message) = result else { return std::ptr::null_mut() };
    let message = CString::new(format!("maclaurin: {message}")).unwrap_or_default();
    let mut arguments = ErrorArguments {
        size: size_of::<ErrorArguments>(),
        extension: std::ptr::null_mut(),
        message: message.as_ptr(),
        code: INVALID_ARGUMENT,
    };
    // SAFETY: the host's own function, which copies the message.
    unsafe { ((*frame.api).create_error)(&raw mut arguments) }
}

fn expansion(frame: &CallFrame) -> Result<(), String> {
    let ([input], [output]) = (exactly(&frame.arguments)?, exactly(&frame.results)?);
    // [expansion point, scale, shift, coefficients ...]
    let numbers: &[f64] = attribute(&frame.attributes, "numbers", F64)?;
    // [kind, axis, stack, constant, degrees ...]
    let options: &[i64] = attribute(&frame.attributes, "options", S64)?;
    let ([at, scale, shift, coefficients @ ..], [kind, axis, stack, constant, degrees @ ..]) =
        (numbers, options)
    else {
        return Err("an attribute is too short".into());
    };
    // A basis has the number after those of all kinds.
    let kinds = [Kind::Powers, Kind::Terms, Kind::PartialSums, Kind::Sum, Kind::Terms];
    let is_basis = *kind == 4;
    let kind = usize::try_from(*kind).ok().and_then(|kind| kinds.get(kind));
    let expansion = Expansion {
        kind: *kind.ok_or("unknown kind")?,
        degrees: Degrees::List(degrees.iter().map(|&degree| degree as usize).collect()),
        constant: *constant != 0,
        axis: *axis as isize,
        stack: *stack != 0,
        scale: *scale,
        shift: *shift,
        threads: None,
    };
    let polynomial = if is_basis {
        let recurrence = Recurrence::from_numbers(coefficients);
        Polynomial::basis(recurrence.ok_or("the numbers are those of no recurrence")?)
    } else {
        Polynomial::new(*at, coefficients.to_vec())
    };
    match input.kind {
        2 => run::<i8, f32>(input, output, &polynomial, &expansion),
        3 => run::<i16, f32>(input, output, &polynomial, &expansion),
        6 => run::<u8, f32>(input, output, &polynomial, &expansion),
        7 => run::<u16, f32>(input, output, &polynomial, &expansion),
        10 => run::<f16, f16>(input, output, &polynomial, &expansion),
        11 => run::<f32, f32>(input, output, &polynomial, &expansion),
        12 => run::<f64, f64>(input, output, &polynomial, &expansion),
        16 => run::<bf16, bf16>(input, output, &polynomial, &expansion),
        other => Err(format!("values of XLA's type {other} cannot be expanded")),
    }
}

fn run<T: Element, U: Float>(
    input: &Buffer,
    output: &Buffer,
    polynomial: &Polynomial,
    expansion: &Expansion,
) -> Result<(), String> {
    let expected = if size_of::<U>() == 4 { 11 } else { input.kind };
    if output.kind != expected {
        return Err(format!("the result has XLA's type {}, not {expected}", output.kind));
    }
    // SAFETY: XLA's buffers are dense, aligned, of the type and extents that they say, and apart
    // from each other; the types were compared above.
    let (values, mut place) = unsafe {
        (
            ArrayView::from_shape_ptr(extents(input), input.data.cast::<T>()),
            ArrayViewMut::from_shape_ptr(extents(output), output.data.cast::<U>()),
        )
    };
    expand_into(&values, polynomial, expansion, &mut place).map_err(|error| error.to_string())
}

fn convolution(frame: &CallFrame) -> Result<(), String> {
    let center: &[f64] = attribute(&frame.attributes, "numbers", F64)?;
    // [pass, channels last, order, groups, strides, padding, dilations]
    let options: &[i64] = attribute(&frame.attributes, "options", S64)?;
    let options: Vec<usize> = options.iter().map(|&option| option as usize).collect();
    let (&[center], &[pass, last, order, groups, s0, s1, above, below, left, right, d0, d1]) =
        (center, &options[..])
    else {
        return Err("an attribute has the wrong length".into());
    };
    let convolution = Convolution {
        order,
        center,
        stride: [s0, s1],
        padding: [[above, below], [left, right]],
        dilation: [d0, d1],
        groups,
        threads: None,
    };
    let call = Call { frame, convolution: &convolution, last: last != 0 };
    if frame.arguments.count < 1 {
        return Err("no arguments".into());
    }
    // SAFETY: a pointer to a buffer that is alive during the call.
    let kind = unsafe { (**frame.arguments.entries).kind };
    match (pass, kind) {
        (0, 10) => call.forward::<f16>(10, 11),
        (0, 11) => call.forward::<f32>(11, 11),
        (0, 12) => call.forward::<f64>(12, 12),
        (0, 16) => call.forward::<bf16>(16, 11),
        (1, 10) => call.input_gradient::<f16>(10, 11),
        (1, 11) => call.input_gradient::<f32>(11, 11),
        (1, 12) => call.input_gradient::<f64>(12, 12),
        (1, 16) => call.input_gradient::<bf16>(16, 11),
        (2, 10) => call.weight_gradient::<f16>(10, 11),
        (2, 11) => call.weight_gradient::<f32>(11, 11),
        (2, 12) => call.weight_gradient::<f64>(12, 12),
        (2, 16) => call.weight_gradient::<bf16>(16, 11),
        (pass, kind) => Err(format!("there is no pass {pass} over values of XLA's type {kind}")),
    }
}

/// A convolution that XLA asks for.
struct Call<'a> {
    frame: &'a CallFrame,
    convolution: &'a Convolution,
    last: bool,
}

impl Call<'_> {
    /// (x, weight, bias) to y.
    fn forward<T: Float>(&self, kind: c_int, lane: c_int) -> Result<(), String> {
        let [x, weight, bias] = exactly(&self.frame.arguments)?;
        let [y] = exactly(&self.frame.results)?;
        let mut out = self.picture_mut::<T>(y, kind)?;
        let (x, weight) = (self.picture::<T>(x, kind)?, dense::<T::Lane, Ix4>(weight, lane)?);
        let bias = dense::<T::Lane, Ix1>(bias, lane)?;
        convolve_into(&x, &weight, Some(&bias), self.convolution, &mut out)
            .map_err(|error| error.to_string())
    }

    /// (gradient, x, weight) to the gradient of x.
    fn input_gradient<T: Float>(&self, kind: c_int, lane: c_int) -> Result<(), String> {
        let [gradient, x, weight] = exactly(&self.frame.arguments)?;
        let [of_x] = exactly(&self.frame.results)?;
        let mut out = self.picture_mut::<T>(of_x, kind)?;
        let (gradient, x) = (self.picture::<T>(gradient, kind)?, self.picture::<T>(x, kind)?);
        let weight = dense::<T::Lane, Ix4>(weight, lane)?;
        convolve_backward_input_into(&gradient, &x, &weight, self.convolution, &mut out)
            .map_err(|error| error.to_string())
    }

    /// (gradient, x) to the gradients of the weights and the bias.
    fn weight_gradient<T: Float>(&self, kind: c_int, lane: c_int) -> Result<(), String> {
        let [gradient, x] = exactly(&self.frame.arguments)?;
        let [of_weight, of_bias] = exactly(&self.frame.results)?;
        let (gradient, x) = (self.picture::<T>(gradient, kind)?, self.picture::<T>(x, kind)?);
        let mut of_weight = dense_mut::<T::Lane, Ix4>(of_weight, lane)?;
        let mut of_bias = dense_mut::<T::Lane, Ix1>(of_bias, lane)?;
        let shape = of_weight.dim().into();
        let found = convolve_backward_weight(&gradient, &x, &shape, self.convolution);
        let (weight, bias) = found.map_err(|error| error.to_string())?;
        if of_bias.dim() != bias.dim() {
            return Err("the bias has another length than there are outputs".into());
        }
        of_weight.assign(&weight);
        of_bias.assign(&bias);
        Ok(())
    }

    /// A buffer as (images, channels, rows, columns).
    fn picture<'b, T>(
        &self,
        buffer: &'b Buffer,
        kind: c_int,
    ) -> Result<ArrayView<'b, T, Ix4>, String> {
        let array = dense(buffer, kind)?;
        Ok(if self.last { array.permuted_axes([0, 3, 1, 2]) } else { array })
    }

    fn picture_mut<'b, T>(
        &self,
        buffer: &'b Buffer,
        kind: c_int,
    ) -> Result<ArrayViewMut<'b, T, Ix4>, String> {
        let array = dense_mut(buffer, kind)?;
        Ok(if self.last { array.permuted_axes([0, 3, 1, 2]) } else { array })
    }
}

fn dense<T, D: Dimension>(buffer: &Buffer, kind: c_int) -> Result<ArrayView<'_, T, D>, String> {
    check_kind(buffer, kind)?;
    // SAFETY: XLA's buffers are dense, aligned, and of the type and extents that they say; the type
    // was compared above.
    let array = unsafe { ArrayView::from_shape_ptr(extents(buffer), buffer.data.cast::<T>()) };
    array.into_dimensionality().map_err(|error| error.to_string())
}

fn dense_mut<T, D: Dimension>(
    buffer: &Buffer,
    kind: c_int,
) -> Result<ArrayViewMut<'_, T, D>, String> {
    check_kind(buffer, kind)?;
    // SAFETY: as in `dense`, and results are apart from each other and from the arguments.
    let array = unsafe { ArrayViewMut::from_shape_ptr(extents(buffer), buffer.data.cast::<T>()) };
    array.into_dimensionality().map_err(|error| error.to_string())
}

fn check_kind(buffer: &Buffer, kind: c_int) -> Result<(), String> {
    if buffer.kind == kind {
        return Ok(());
    }
    Err(format!("an array has XLA's type {}, not {kind}", buffer.kind))
}

fn extents(buffer: &Buffer) -> Vec<usize> {
    if buffer.rank == 0 {
        return Vec::new();
    }
    // SAFETY: as many extents as the rank says.
    let extents = unsafe { std::slice::from_raw_parts(buffer.extents, buffer.rank as usize) };
    extents.iter().map(|&extent| extent as usize).collect()
}

fn exactly<const N: usize>(buffers: &Buffers) -> Result<[&Buffer; N], String> {
    if buffers.count != N as i64 {
        return Err(format!("{} arrays where {N} are due", buffers.count));
    }
    // SAFETY: as many pointers, each to a buffer that is alive during the call.
    Ok(std::array::from_fn(|index| unsafe { &**buffers.entries.add(index) }))
}

fn attribute<'a, T>(
    attributes: &'a Attributes,
    name: &str,
    kind: c_int,
) -> Result<&'a [T], String> {
    for index in 0..attributes.count as usize {
        // SAFETY: as many types, names and values as the count says, alive during the call; what an
        // array holds is compared before it is read.
        unsafe {
            let found = &**attributes.names.add(index);
            let found = std::slice::from_raw_parts(found.start, found.length);
            if found == name.as_bytes() && *attributes.types.add(index) == ARRAY {
                let array = &**attributes.values.add(index);
                if array.kind == kind && array.length > 0 {
                    return Ok(std::slice::from_raw_parts(array.data.cast(), array.length));
                }
            }
        }
    }
    Err(format!("the attribute {name} is missing"))
}
