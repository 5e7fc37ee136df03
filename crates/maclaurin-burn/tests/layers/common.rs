//! What the tests of all layers share.

use burn::tensor::{Device, Distribution, Tensor, Tolerance};

pub fn random<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::random(shape, Distribution::Normal(0.0, 0.5), device).require_grad()
}

pub fn close<const D: usize>(found: Tensor<D>, expected: Tensor<D>) {
    found
        .into_data()
        .assert_approx_eq::<f32>(&expected.into_data(), Tolerance::rel_abs(1e-3, 1e-4));
}

/// The powers of `x - center`, one degree after the other along the channels.
pub fn powers<const D: usize>(x: &Tensor<D>, center: f64, order: usize) -> Tensor<D> {
    let t = x.clone() - center;
    let mut powers = vec![t.clone()];
    for _ in 1..order {
        powers.push(powers.last().unwrap().clone() * t.clone());
    }
    Tensor::cat(powers, 1)
}

/// The same values, and the same gradients of different weights on each output, so that no two agree
/// by chance.
pub fn same<const D: usize, const E: usize>(
    found: Tensor<D>,
    expected: Tensor<D>,
    of: &[Tensor<E>],
    bias: &Tensor<1>,
) {
    close(found.clone(), expected.clone());
    let factor = Tensor::random(found.dims(), Distribution::Normal(0.0, 1.0), &found.device());
    let (found, expected) =
        ((found * factor.clone()).sum().backward(), (expected * factor).sum().backward());
    for tensor in of {
        close(tensor.grad(&found).unwrap(), tensor.grad(&expected).unwrap());
    }
    close(bias.grad(&found).unwrap(), bias.grad(&expected).unwrap());
}
