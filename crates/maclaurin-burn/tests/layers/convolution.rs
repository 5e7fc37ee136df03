//! Against Burn's own convolution over concatenated powers, and its own gradients.

use crate::common::{close, powers, random, same};
use burn::module::{Module, Param};
use burn::tensor::module::{conv2d, conv3d};
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Distribution, Tensor};
use maclaurin::Convolution;
use maclaurin_burn::{
    Start, StartError, TaylorConv1dConfig, TaylorConv2dConfig, TaylorConv3dConfig,
    TaylorLinearConfig, taylor_conv2d, taylor_conv3d,
};

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

        let parts = x.clone().chunk(groups, 1).iter().map(|x| powers(x, 0.25, order)).collect();
        let options = ConvOptions::new(stride, padding, dilation, groups);
        let expected = conv2d(Tensor::cat(parts, 1), weight.clone(), Some(bias.clone()), options);
        same(y, expected, &[x, weight], &bias);
    }
}

#[test]
fn volumes_equal_concatenated_powers_forward_and_backward() {
    for device in [Device::flex().autodiff(), Device::flex().autodiff().gradient_checkpointing()] {
        for (stride, padding, dilation, groups, order) in [
            ([1, 1, 1], [1, 1, 1], [1, 1, 1], 1, 3),
            ([2, 1, 1], [0, 2, 0], [1, 2, 1], 2, 2),
            ([1, 3, 2], [2, 0, 1], [2, 1, 1], 1, 1),
        ] {
            let (inputs, outputs, kernel) = (4, 6, [3, 2, 1]);
            let x = random([2, inputs, 5, 6, 4], &device);
            let [a, b, c] = kernel;
            let weight = random([outputs, order * inputs / groups, a, b, c], &device);
            let bias = random([outputs], &device);
            let options = ConvOptions::new(stride, padding, dilation, groups);
            let (w, b) = (weight.clone(), Some(bias.clone()));
            let y = taylor_conv3d(x.clone(), w, b, order, 0.25, options.clone());

            let parts = x.clone().chunk(groups, 1).iter().map(|x| powers(x, 0.25, order)).collect();
            let expected =
                conv3d(Tensor::cat(parts, 1), weight.clone(), Some(bias.clone()), options);
            same(y, expected, &[x, weight], &bias);
        }
    }
}

#[test]
fn an_order_of_one_is_the_plain_layer() {
    let device = Device::flex();
    let layer = TaylorConv3dConfig::new([2, 4], [2, 3, 1])
        .with_function("x".into())
        .with_order(1)
        .with_stride([1, 2, 1])
        .with_padding([0, 1, 0])
        .with_groups(2)
        .init(&device)
        .unwrap();
    let x = Tensor::<5>::random([2, 2, 4, 5, 3], Distribution::Normal(0.0, 1.0), &device);
    let options = ConvOptions::new([1, 2, 1], [0, 1, 0], [1; 3], 2);
    let bias = layer.bias.as_ref().map(Param::val);
    close(layer.forward(x.clone()), conv3d(x, layer.weight.val(), bias, options));
}

#[test]
fn an_empty_batch_gives_an_empty_output() {
    let device = Device::flex().autodiff();
    let linear = TaylorLinearConfig::new(3, 2).init(&device).unwrap();
    let image = TaylorConv2dConfig::new([3, 2], [1, 1]).init(&device).unwrap();
    let signal = TaylorConv1dConfig::new(3, 2, 2).init(&device).unwrap();
    let volume = TaylorConv3dConfig::new([3, 2], [2, 2, 2]).init(&device).unwrap();
    assert_eq!(linear.forward(Tensor::<2>::zeros([0, 3], &device)).dims(), [0, 2]);
    let x = Tensor::<3>::zeros([4, 0, 3], &device).require_grad();
    let y = linear.forward(x.clone());
    assert_eq!(y.dims(), [4, 0, 2]);
    let gradients = y.sum().backward();
    assert_eq!(x.grad(&gradients).unwrap().dims(), [4, 0, 3]);
    let of_weight = linear.convolution.weight.val().grad(&gradients).unwrap();
    close(of_weight, Tensor::zeros([2, 12, 1, 1], &Device::flex()));
    assert_eq!(signal.forward(Tensor::zeros([0, 3, 5], &device)).dims(), [0, 2, 4]);
    let x = Tensor::<5>::zeros([0, 3, 4, 4, 4], &device).require_grad();
    let y = volume.forward(x.clone());
    assert_eq!(y.dims(), [0, 2, 3, 3, 3]);
    let gradients = y.sum().backward();
    assert_eq!(x.grad(&gradients).unwrap().dims(), [0, 3, 4, 4, 4]);
    let of_weight = volume.weight.val().grad(&gradients).unwrap();
    close(of_weight, Tensor::zeros([2, 12, 2, 2, 2], &Device::flex()));
    let x = Tensor::<4>::zeros([0, 3, 5, 5], &device).require_grad();
    let y = image.forward(x.clone());
    assert_eq!(y.dims(), [0, 2, 5, 5]);
    let gradients = y.sum().backward();
    assert_eq!(x.grad(&gradients).unwrap().dims(), [0, 3, 5, 5]);
    close(
        image.weight.val().grad(&gradients).unwrap(),
        Tensor::zeros([2, 12, 1, 1], &Device::flex()),
    );
}

#[test]
#[should_panic(
    expected = "the weights have 12 input channels where 4 channels in 1 group(s) at order 4 need 16"
)]
fn another_number_of_channels_is_refused() {
    let device = Device::flex();
    let layer = TaylorConv2dConfig::new([3, 2], [1, 1]).init(&device).unwrap();
    let _ = layer.forward(Tensor::zeros([1, 4, 5, 5], &device));
}

#[test]
#[should_panic(
    expected = "the weights have 12 input channels in all groups where 4 channels at order 4 need 16"
)]
fn another_number_of_channels_of_a_volume_is_refused() {
    let device = Device::flex();
    let layer = TaylorConv3dConfig::new([3, 2], [1, 1, 1]).init(&device).unwrap();
    let _ = layer.forward(Tensor::zeros([1, 4, 5, 5, 5], &device));
}

#[test]
#[should_panic(
    expected = "a kernel of 3 at dilation 2 does not fit into the 4 values of the padded input"
)]
fn a_volume_smaller_than_the_kernel_is_refused() {
    let device = Device::flex();
    let config = TaylorConv3dConfig::new([1, 1], [1, 3, 1]).with_dilation([1, 2, 1]);
    let _ = config.init(&device).unwrap().forward(Tensor::zeros([1, 1, 5, 4, 5], &device));
}

#[test]
fn a_series_starts_as_the_layer_of_its_function() {
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
    let config = TaylorConv2dConfig::new([3, 4], [3, 3]);
    for (config, what) in [
        (config.clone().with_order(0), "order"),
        (config.clone().with_groups(0), "groups"),
        (config.clone().with_stride([1, 0]), "stride"),
        (config.clone().with_dilation([0, 1]), "dilation"),
        (TaylorConv2dConfig::new([3, 4], [0, 3]), "kernel_size"),
        (TaylorConv2dConfig::new([0, 4], [3, 3]), "the number of channels"),
    ] {
        assert_eq!(config.init(&device).unwrap_err(), StartError::Zero { what });
    }
    let series =
        TaylorConv2dConfig::new([3, 4], [3, 3]).with_function("log(x)".into()).init(&device);
    assert!(series.unwrap_err().to_string().contains("log1p"));
}
