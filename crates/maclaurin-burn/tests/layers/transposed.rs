//! Transposed convolutions against Burn's own over concatenated powers, and its own gradients.

use crate::common::{close, powers, random, same};
use burn::module::Param;
use burn::tensor::module::{conv_transpose1d, conv_transpose2d, conv_transpose3d};
use burn::tensor::ops::ConvTransposeOptions;
use burn::tensor::{Device, Distribution, Tensor};
use maclaurin_burn::{
    Start, StartError, TaylorConvTranspose1dConfig, TaylorConvTranspose2dConfig,
    TaylorConvTranspose3dConfig, taylor_conv_transpose1d, taylor_conv_transpose2d,
    taylor_conv_transpose3d,
};

/// Weights of one group as Burn's transposed convolution of that group's concatenated powers has them:
/// ours are degree after degree over all groups.
fn of_group<const D: usize>(
    weight: &Tensor<D>,
    order: usize,
    groups: usize,
    group: usize,
) -> Tensor<D> {
    let degrees = weight.clone().chunk(order, 0);
    Tensor::cat(degrees.into_iter().map(|w| w.chunk(groups, 0)[group].clone()).collect(), 0)
}

macro_rules! equals_concatenated_powers {
    ($test:ident, $found:ident, $expected:ident, $axes:literal, $input:expr, $kernel:expr) => {
        #[test]
        fn $test() {
            for device in
                [Device::flex().autodiff(), Device::flex().autodiff().gradient_checkpointing()]
            {
                for (stride, padding, padding_out, dilation, groups, order) in
                    [(1, 0, 0, 1, 1, 3), (2, 1, 1, 1, 2, 2), (3, 0, 1, 2, 1, 4), (2, 0, 0, 1, 2, 1)]
                {
                    let options = |groups| {
                        ConvTransposeOptions::new(
                            [stride; $axes],
                            [padding; $axes],
                            [padding_out; $axes],
                            [dilation; $axes],
                            groups,
                        )
                    };
                    let (mut shape, mut taps) = ($input, $kernel);
                    (shape[0], shape[1], taps[0], taps[1]) = (2, 4, 4 * order, 6 / groups);
                    let (x, weight, bias) =
                        (random(shape, &device), random(taps, &device), random([6], &device));
                    let (w, b) = (weight.clone(), Some(bias.clone()));
                    let y = $found(x.clone(), w, b, order, 0.25, options(groups));

                    let chunks = x.clone().chunk(groups, 1);
                    let parts = chunks.iter().enumerate().map(|(group, x)| {
                        let weight = of_group(&weight, order, groups, group);
                        $expected(powers(x, 0.25, order), weight, None, options(1))
                    });
                    let mut across = [1; $axes + 2];
                    across[1] = 6;
                    let expected = Tensor::cat(parts.collect(), 1) + bias.clone().reshape(across);
                    same(y, expected, &[x, weight], &bias);
                }
            }
        }
    };
}

equals_concatenated_powers!(
    signals_equal_concatenated_powers,
    taylor_conv_transpose1d,
    conv_transpose1d,
    1,
    [0, 0, 7],
    [0, 0, 3]
);
equals_concatenated_powers!(
    images_equal_concatenated_powers,
    taylor_conv_transpose2d,
    conv_transpose2d,
    2,
    [0, 0, 4, 5],
    [0, 0, 3, 2]
);
equals_concatenated_powers!(
    volumes_equal_concatenated_powers,
    taylor_conv_transpose3d,
    conv_transpose3d,
    3,
    [0, 0, 3, 2, 4],
    [0, 0, 3, 2, 2]
);

#[test]
fn a_series_starts_as_the_layer_of_its_function() {
    let device = Device::flex();
    let layer = TaylorConvTranspose2dConfig::new([4, 6], [1, 1])
        .with_groups(2)
        .with_function("exp(x)".into())
        .with_order(12)
        .init(&device)
        .unwrap();
    let x = Tensor::<4>::random([2, 4, 3, 3], Distribution::Uniform(-1.0, 1.0), &device);
    let weight = layer.weight.val().narrow(0, 0, 4); // a_1 = 1
    let options = ConvTransposeOptions::new([1; 2], [0; 2], [0; 2], [1; 2], 2);
    let constant = conv_transpose2d(
        Tensor::ones([1, 4, 1, 1], &device),
        weight.clone(),
        None,
        options.clone(),
    );
    let bias = layer.bias.as_ref().unwrap().val() - constant.reshape([6]);
    close(layer.forward(x.clone()), conv_transpose2d(x.exp(), weight, Some(bias), options));
}

#[test]
fn random_weights_keep_the_scale() {
    let device = Device::flex();
    let layer = TaylorConvTranspose1dConfig::new([256, 64], 4)
        .with_stride(2)
        .with_order(3)
        .with_start(Start::Random)
        .init(&device)
        .unwrap();
    let y = layer.forward(Tensor::random([8, 256, 100], Distribution::Normal(0.0, 1.0), &device));
    let y = y.narrow(2, 2, 198);
    let variance = (y.clone() * y).mean().into_scalar::<f32>();
    assert!((0.9..1.1).contains(&variance), "{variance}");
}

#[test]
fn options_reach_the_operation() {
    let device = Device::flex();
    let layer = TaylorConvTranspose3dConfig::new([2, 4], [2, 3, 1])
        .with_function("x".into())
        .with_order(1)
        .with_stride([1, 2, 3])
        .with_padding([0, 1, 0])
        .with_padding_out([0, 1, 2])
        .with_dilation([2, 1, 1])
        .with_groups(2)
        .init(&device)
        .unwrap();
    let x = Tensor::<5>::random([2, 2, 3, 4, 3], Distribution::Normal(0.0, 1.0), &device);
    let options = ConvTransposeOptions::new([1, 2, 3], [0, 1, 0], [0, 1, 2], [2, 1, 1], 2);
    let bias = layer.bias.as_ref().map(Param::val);
    close(layer.forward(x.clone()), conv_transpose3d(x, layer.weight.val(), bias, options));
}

#[test]
fn an_empty_batch_gives_an_empty_output() {
    let device = Device::flex().autodiff();
    let layer = TaylorConvTranspose2dConfig::new([3, 2], [2, 2]).init(&device).unwrap();
    let x = Tensor::<4>::zeros([0, 3, 4, 4], &device).require_grad();
    let y = layer.forward(x.clone());
    assert_eq!(y.dims(), [0, 2, 5, 5]);
    let gradients = y.sum().backward();
    assert_eq!(x.grad(&gradients).unwrap().dims(), [0, 3, 4, 4]);
    let of_weight = layer.weight.val().grad(&gradients).unwrap();
    close(of_weight, Tensor::zeros([12, 2, 2, 2], &Device::flex()));
}

#[test]
fn what_does_not_fit_is_refused() {
    let device = Device::flex();
    let config = TaylorConvTranspose1dConfig::new([3, 4], 3);
    let error = config.clone().with_padding_out(1).init(&device).unwrap_err();
    assert_eq!(error, StartError::PaddingOut { padding_out: 1, stride: 1, dilation: 1 });
    assert_eq!(
        error.to_string(),
        "padding_out must be smaller than the stride 1 or the dilation 1, not 1"
    );
    let error = config.clone().with_groups(2).init(&device).unwrap_err();
    assert_eq!(error, StartError::Groups { channels: [3, 4], groups: 2 });
    let error = config.with_stride(0).init(&device).unwrap_err();
    assert_eq!(error, StartError::Zero { what: "stride" });
}

#[test]
#[should_panic(
    expected = "the weights have 12 input channels in all groups where 2 channels at order 4 need 8"
)]
fn another_number_of_channels_is_refused() {
    let device = Device::flex();
    let layer = TaylorConvTranspose1dConfig::new([3, 4], 3).init(&device).unwrap();
    let _ = layer.forward(Tensor::zeros([1, 2, 5], &device));
}

#[test]
#[should_panic(
    expected = "an input of 1 and a kernel of 3 along spatial axis 0 leave no output at padding 2"
)]
fn padding_that_leaves_nothing_is_refused() {
    let device = Device::flex();
    let layer = TaylorConvTranspose1dConfig::new([3, 4], 3).with_padding(2).init(&device).unwrap();
    let _ = layer.forward(Tensor::zeros([1, 3, 1], &device));
}
