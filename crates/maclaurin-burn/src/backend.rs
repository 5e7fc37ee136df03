//! The operation as Burn's back-ends have it: natively on Flex, with its gradients on any of them.

use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Flex, TensorMetadata, backend_extension};
use burn::tensor::{DType, Element, TensorData};
use half::{bf16, f16};
use maclaurin::{
    Convolution, ConvolutionError, convolve, convolve_backward_input_into, convolve_backward_weight,
};
use ndarray::{Array1, Array4, ArrayView1, ArrayView4};

/// Back-ends that convolve powers: implemented by Flex, and by `Autodiff` of one that does.
#[backend_extension(Flex, Autodiff)]
pub trait ConvolutionBackend: Backend {
    /// The convolution of the powers of `x`; see [`maclaurin::convolve`].
    ///
    /// # Panics
    ///
    /// Where shapes or types do not fit, as Burn's own operations do.
    fn taylor_conv2d(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        options: Convolution,
    ) -> FloatTensor<Self>;

    /// Its gradient with respect to `x`.
    ///
    /// # Panics
    ///
    /// As [`ConvolutionBackend::taylor_conv2d`].
    fn taylor_conv2d_backward_input(
        gradient: FloatTensor<Self>,
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        options: Convolution,
    ) -> FloatTensor<Self>;

    /// Its gradients with respect to the weights, whose shape `weight` has, and the bias.
    ///
    /// # Panics
    ///
    /// As [`ConvolutionBackend::taylor_conv2d`].
    fn taylor_conv2d_backward_weight(
        gradient: FloatTensor<Self>,
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        options: Convolution,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);
}

/// The same expression for each type of `x`, with the type that its sums are made in.
macro_rules! at_type {
    ($dtype:expr, $type:ident, $lane:ident => $body:expr) => {
        match $dtype {
            DType::F64 => {
                type $type = f64;
                type $lane = f64;
                $body
            }
            DType::F32 | DType::Flex32 => {
                type $type = f32;
                type $lane = f32;
                $body
            }
            DType::F16 => {
                type $type = f16;
                type $lane = f32;
                $body
            }
            DType::BF16 => {
                type $type = bf16;
                type $lane = f32;
                $body
            }
            other => panic!("convolutions take floating point numbers, not {other:?}"),
        }
    };
}

impl ConvolutionBackend for Flex {
    fn taylor_conv2d(
        x: FlexTensor,
        weight: FlexTensor,
        bias: FlexTensor,
        options: Convolution,
    ) -> FlexTensor {
        at_type!(x.dtype(), T, Lane => {
            let (x, weight) = (x.to_contiguous(), precise::<Lane>(&weight));
            let bias = precise::<Lane>(&bias);
            let bias = ArrayView1::from(values::<Lane>(&bias));
            let y = convolve(&view::<T>(&x), &view::<Lane>(&weight), Some(&bias), &options);
            give4(y.unwrap_or_else(refuse))
        })
    }

    fn taylor_conv2d_backward_input(
        gradient: FlexTensor,
        x: FlexTensor,
        weight: FlexTensor,
        options: Convolution,
    ) -> FlexTensor {
        at_type!(x.dtype(), T, Lane => {
            let (gradient, x) = (gradient.to_contiguous(), x.to_contiguous());
            let weight = precise::<Lane>(&weight);
            let (g, values) = (view::<T>(&gradient), view::<T>(&x));
            let mut out = Convolution::output::<T>(values.dim().into())
                .unwrap_or_else(refuse);
            convolve_backward_input_into(
                &g, &values, &view::<Lane>(&weight), &options, &mut out.view_mut(),
            ).unwrap_or_else(refuse);
            give4(out)
        })
    }

    fn taylor_conv2d_backward_weight(
        gradient: FlexTensor,
        x: FlexTensor,
        weight: FlexTensor,
        options: Convolution,
    ) -> (FlexTensor, FlexTensor) {
        at_type!(x.dtype(), T, Lane => {
            let (gradient, x) = (gradient.to_contiguous(), x.to_contiguous());
            let (g, values) = (view::<T>(&gradient), view::<T>(&x));
            let shape = weight.shape().dims();
            let found = convolve_backward_weight(&g, &values, &shape, &options);
            let (of_weight, of_bias): (Array4<Lane>, Array1<Lane>) = found.unwrap_or_else(refuse);
            let length = of_bias.len();
            let of_bias = TensorData::new(of_bias.into_raw_vec_and_offset().0, [length]);
            let dtype = weight.dtype();
            let give = |data: TensorData| FlexTensor::from_data(data.convert_dtype(dtype));
            (give(data4(of_weight)), give(of_bias))
        })
    }
}

fn refuse<T>(error: ConvolutionError) -> T {
    panic!("{error}")
}

/// A tensor in the precision of sums.
fn precise<L: Element>(tensor: &FlexTensor) -> FlexTensor {
    let tensor = tensor.to_contiguous();
    if tensor.dtype() == L::dtype() {
        return tensor;
    }
    FlexTensor::from_data(tensor.into_data().convert::<L>())
}

/// The values of a contiguous tensor.
fn values<E: Element + bytemuck::Pod>(tensor: &FlexTensor) -> &[E] {
    tensor.as_slice::<E>().unwrap_or_else(|| panic!("a tensor is not of type {:?}", E::dtype()))
}

fn view<E: Element + bytemuck::Pod>(tensor: &FlexTensor) -> ArrayView4<'_, E> {
    let shape: [usize; 4] = tensor.shape().dims();
    let array = ArrayView4::from_shape(shape, values(tensor));
    array.unwrap_or_else(|error| panic!("a tensor of shape {shape:?}: {error}"))
}

fn data4<E: Element>(array: Array4<E>) -> TensorData {
    let shape: [usize; 4] = array.dim().into();
    TensorData::new(array.into_raw_vec_and_offset().0, shape)
}

fn give4<E: Element>(array: Array4<E>) -> FlexTensor {
    FlexTensor::from_data(data4(array))
}

impl<B: ConvolutionBackend, C: CheckpointStrategy> ConvolutionBackend for Autodiff<B, C> {
    fn taylor_conv2d(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        options: Convolution,
    ) -> FloatTensor<Self> {
        match Step.prepare::<C>([x.node(), weight.node(), bias.node()]).compute_bound().stateful() {
            OpsKind::Tracked(mut preparation) => {
                let state =
                    (preparation.checkpoint(&x), preparation.checkpoint(&weight), options.clone());
                let y = B::taylor_conv2d(
                    x.into_primitive(),
                    weight.into_primitive(),
                    bias.into_primitive(),
                    options,
                );
                preparation.finish(state, y)
            }
            OpsKind::UnTracked(preparation) => {
                let (x, weight, bias) =
                    (x.into_primitive(), weight.into_primitive(), bias.into_primitive());
                preparation.finish(B::taylor_conv2d(x, weight, bias, options))
            }
        }
    }

    fn taylor_conv2d_backward_input(
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: Convolution,
    ) -> FloatTensor<Self> {
        panic!("{NO_SECOND}")
    }

    fn taylor_conv2d_backward_weight(
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: Convolution,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        panic!("{NO_SECOND}")
    }
}

/// Burn's own convolutions have no gradients of gradients either.
const NO_SECOND: &str = "gradients of gradients of a convolution are not implemented";

/// The backward pass: it needs the input and the weights alone.
#[derive(Debug)]
struct Step;

impl<B: ConvolutionBackend> Backward<B, 3> for Step {
    type State = (NodeId, NodeId, Convolution);

    fn backward(
        self,
        ops: Ops<Self::State, 3>,
        gradients: &mut Gradients,
        checkpointer: &mut Checkpointer,
    ) {
        let [of_x, of_weight, of_bias] = ops.parents;
        let gradient = gradients.consume::<B>(&ops.node);
        let (x, weight, options) = ops.state;
        let x = checkpointer.retrieve_node_output::<B::FloatTensorPrimitive>(x);
        let weight = checkpointer.retrieve_node_output::<B::FloatTensorPrimitive>(weight);
        if let Some(node) = of_x {
            let found = B::taylor_conv2d_backward_input(
                gradient.clone(),
                x.clone(),
                weight.clone(),
                options.clone(),
            );
            gradients.register::<B>(node.id, found);
        }
        if of_weight.is_some() || of_bias.is_some() {
            let found = B::taylor_conv2d_backward_weight(gradient, x, weight, options);
            if let Some(node) = of_weight {
                gradients.register::<B>(node.id, found.0);
            }
            if let Some(node) = of_bias {
                gradients.register::<B>(node.id, found.1);
            }
        }
    }
}
