//! Against Burn's own convolution over concatenated powers, and its own gradients.

use burn::module::{Module, Param};
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Distribution, Tensor, Tolerance};
use maclaurin::Convolution;
use maclaurin_burn::{
    Start, StartError, TaylorConv1dConfig, TaylorConv2dConfig, TaylorLinearConfig, taylor_conv2d,
};

fn random<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::random(shape, Distribution::Normal(0.0, 0.5), device).require_grad()
}

fn close<const D: usize>(found: Tensor<D>, expected: Tensor<D>) {
    found
        .into_data()
        .assert_approx_eq::<f32>(&expected.into_data(), Tolerance::rel_abs(1e-3, 1e-4));
}

#[test]
fn equals_concatenated_powers_forward_and_backward() {
    let device = Device::flex().autodiff();
    for (stride, padding, dilation, groups, order) in [
        ([1, 1], [1, 1], [1, 1], 1, 3),
        ([2, 1], [0, 2], [1, 2], 2, 2),
        ([1, 3], [2, 0], [2, 1], 1, 4),
    ] {
        let (inputs, outputs, kernel) = (4, 6, [3, 2]);
        let x = random([2, inputs, 9, 10], &device);
        let weight = random([outputs, order * inputs / groups, kernel[0], kernel[1]], &device);
        let bias = random([outputs], &device);
        let [rows, columns] = padding;
        let convolution = Convolution {
            order,
            center: 0.25,
            stride,
            padding: [[rows; 2], [columns; 2]],
            dilation,
            groups,
            threads: None,
        };
        let y = taylor_conv2d(x.clone(), weight.clone(), bias.clone(), convolution);

        let t = x.clone() - 0.25;
        let parts = t.chunk(groups, 1).into_iter().map(|part| {
            let mut powers = vec![part.clone()];
            for _ in 1..order {
                powers.push(powers.last().unwrap().clone() * part.clone());
            }
            Tensor::cat(powers, 1)
        });
        let powers = Tensor::cat(parts.collect(), 1);
        let options = ConvOptions::new(stride, padding, dilation, groups);
        let expected = conv2d(powers, weight.clone(), Some(bias.clone()), options);
        close(y.clone(), expected.clone());

        // Different weights on each output, so that no two gradients agree by chance.
        let factor = Tensor::random(y.dims(), Distribution::Normal(0.0, 1.0), &device);
        let (found, wanted) =
            ((y * factor.clone()).sum().backward(), (expected * factor).sum().backward());
        close(x.grad(&found).unwrap(), x.grad(&wanted).unwrap());
        close(weight.grad(&found).unwrap(), weight.grad(&wanted).unwrap());
        close(bias.grad(&found).unwrap(), bias.grad(&wanted).unwrap());
    }
}

#[test]
fn a_series_begins_as_the_layer_of_its_function() {
    let device = Device::flex();
    let layer = TaylorLinearConfig::new(5, 3)
        .with_function("exp(x)".into())
        .with_order(12)
        .init(&device)
        .unwrap();
    let x = Tensor::<2>::random([4, 5], Distribution::Uniform(-1.0, 1.0), &device);
    let weight = layer.convolution.weight.val().narrow(1, 0, 5).reshape([3, 5]);
    let constant = weight.clone().sum_dim(1).reshape([3]);
    let bias = layer.convolution.bias.as_ref().unwrap().val() - constant;
    close(layer.forward(x.clone()), x.exp().matmul(weight.transpose()) + bias.unsqueeze());
}

#[test]
fn random_weights_keep_the_scale() {
    let device = Device::flex();
    let config = TaylorLinearConfig::new(2048, 512).with_order(3).with_start(Start::Random);
    let layer = config.init(&device).unwrap();
    let y = layer.forward(Tensor::<2>::random([64, 2048], Distribution::Normal(0.0, 1.0), &device));
    let variance = (y.clone() * y).mean().into_scalar::<f32>();
    assert!((0.9..1.1).contains(&variance), "{variance}");
}

#[test]
fn a_step_of_descent_lowers_the_loss() {
    let device = Device::flex().autodiff();
    let mut layer =
        TaylorConv1dConfig::new(2, 4, 3).with_padding(1).with_order(2).init(&device).unwrap();
    let x = Tensor::<3>::random([8, 2, 20], Distribution::Normal(0.0, 1.0), &device);
    let loss = |layer: &maclaurin_burn::TaylorConv1d| {
        (layer.forward(x.clone()) - 1.0).powf_scalar(2.0).mean()
    };
    let first = loss(&layer);
    let gradient = layer.convolution.weight.val().grad(&first.backward()).unwrap();
    let weight = layer.convolution.weight.val().inner() - gradient * 0.01;
    layer.convolution.weight = Param::from_tensor(Tensor::from_inner(weight).require_grad());
    assert!(loss(&layer).into_scalar::<f32>() < first.into_scalar::<f32>());
    assert_eq!(layer.num_params(), 4 * 4 * 3 + 4);
}

#[test]
fn what_does_not_fit_is_refused() {
    let device = Device::flex();
    let groups = TaylorConv2dConfig::new([3, 4], [3, 3]).with_groups(2).init(&device);
    assert_eq!(groups.unwrap_err(), StartError::Groups { channels: [3, 4], groups: 2 });
    let order = TaylorConv2dConfig::new([3, 4], [3, 3]).with_order(0).init(&device);
    assert_eq!(order.unwrap_err(), StartError::NoOrder);
    let series =
        TaylorConv2dConfig::new([3, 4], [3, 3]).with_function("log(x)".into()).init(&device);
    assert!(series.unwrap_err().to_string().contains("log1p"));
}
