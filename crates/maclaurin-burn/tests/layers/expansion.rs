//! Expansions against `maclaurin::expand`, and gradients against the derivative's own series.

use crate::common::close;
use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{DType, Device, Distribution, Tensor, Tolerance};
use maclaurin::{Expansion, expand, taylor};
use maclaurin_burn::{
    Degrees, Kind, StartError, TaylorActivationConfig, TaylorConv2dConfig, TaylorExpansionConfig,
};
use ndarray::ArrayD;

/// `maclaurin::expand` of a tensor, along its channels.
fn native<const D: usize>(
    x: &Tensor<D>,
    function: &str,
    at: &str,
    expansion: &Expansion,
) -> Vec<f32> {
    let values = x.clone().try_into_vec_as::<f32>().unwrap();
    let array = ArrayD::from_shape_vec(x.dims().to_vec(), values).unwrap();
    let series = taylor(function, 5, at).unwrap();
    let found: ArrayD<f32> = expand(&array.view(), &series.polynomial(), expansion).unwrap();
    found.into_raw_vec_and_offset().0
}

#[test]
fn equals_the_native_expansion() {
    let device = Device::flex();
    let x = Tensor::<3>::random([2, 3, 4], Distribution::Normal(0.0, 1.0), &device);
    for (function, at) in [("sin(x)", "0"), ("exp(x)", "1")] {
        for (kind, native_kind) in [
            (Kind::Powers, maclaurin::Kind::Powers),
            (Kind::Terms, maclaurin::Kind::Terms),
            (Kind::PartialSums, maclaurin::Kind::PartialSums),
            (Kind::Sum, maclaurin::Kind::Sum),
        ] {
            for (degrees, native_degrees) in [
                (Degrees::NonZero, maclaurin::Degrees::NonZero),
                (Degrees::All, maclaurin::Degrees::All),
                (Degrees::List(vec![3, 1]), maclaurin::Degrees::List(vec![3, 1])),
            ] {
                for (constant, dim, scale, shift) in [(false, 1, 1.0, 0.0), (true, 2, 0.5, 0.25)] {
                    let layer = TaylorExpansionConfig::new()
                        .with_function(function.into())
                        .with_order(5)
                        .with_at(at.into())
                        .with_kind(kind.clone())
                        .with_degrees(degrees.clone())
                        .with_constant(constant)
                        .with_dim(dim)
                        .with_scale(scale)
                        .with_shift(shift)
                        .init()
                        .unwrap();
                    let expansion = Expansion {
                        kind: native_kind,
                        degrees: native_degrees.clone(),
                        constant,
                        axis: dim as isize,
                        stack: false,
                        scale,
                        shift,
                        threads: None,
                    };
                    let y = layer.forward(x.clone());
                    assert_eq!(y.dims()[dim], x.dims()[dim] * layer.multiplier());
                    let expected = native(&x, function, at, &expansion);
                    let expected = Tensor::<1>::from_data(&expected[..], &device).reshape(y.dims());
                    let tolerance = Tolerance::<f32>::rel_abs(1e-5, 1e-6);
                    y.into_data().assert_approx_eq(&expected.into_data(), tolerance);
                }
            }
        }
    }
}

#[test]
fn infinities_are_those_of_the_native_expansion() {
    let device = Device::flex();
    let x = Tensor::<2>::from_data([[f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 0.0]], &device);
    for (kind, native_kind) in [
        (Kind::Powers, maclaurin::Kind::Powers),
        (Kind::Terms, maclaurin::Kind::Terms),
        (Kind::PartialSums, maclaurin::Kind::PartialSums),
        (Kind::Sum, maclaurin::Kind::Sum),
    ] {
        let config = TaylorExpansionConfig::new().with_function("x + x^5".into()).with_order(5);
        let y = config
            .with_kind(kind.clone())
            .with_degrees(Degrees::All)
            .init()
            .unwrap()
            .forward(x.clone());
        let expansion = Expansion {
            kind: native_kind,
            degrees: maclaurin::Degrees::All,
            axis: 1,
            stack: false,
            ..Expansion::default()
        };
        let found = y.try_into_vec_as::<f32>().unwrap();
        let expected = native(&x, "x + x^5", "0", &expansion);
        assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{kind:?}");
    }
}

#[test]
fn gradients_are_those_of_the_derivative() {
    let device = Device::flex().autodiff();
    let x = Tensor::<2>::random([3, 4], Distribution::Normal(0.0, 1.0), &device).require_grad();
    let config = TaylorExpansionConfig::new().with_function("exp(x)".into()).with_order(4);
    let y = config.with_kind(Kind::Sum).init().unwrap().forward(x.clone());
    let found = x.grad(&y.sum().backward()).unwrap();
    // The series of exp is its own derivative, one order lower.
    let lower = TaylorExpansionConfig::new().with_function("exp(x)".into()).with_order(3);
    close(found, lower.with_kind(Kind::Sum).init().unwrap().forward(x.inner()));
}

#[test]
fn an_activation_trains_its_coefficients_and_its_rate() {
    let device = Device::flex().autodiff();
    let layer = TaylorActivationConfig::new()
        .with_function("exp(x)".into())
        .with_order(3)
        .with_at("1/2".into())
        .with_rate(Some(2.0))
        .init(&device)
        .unwrap();
    assert_eq!(layer.num_params(), 5);
    let x = Tensor::<1>::from_data([0.0f32, 0.5, -1.0], &device).require_grad();
    let y = layer.forward(x.clone());
    let half_e = 0.5f64.exp();
    let t = [-0.5f64, 0.5, -2.5];
    let expected = t.map(|t| half_e * (1.0 + t + t * t / 2.0 + t * t * t / 6.0));
    close(y.clone(), Tensor::from_data(expected, &device));
    let gradients = y.sum().backward();
    let powers = [0, 1, 2, 3].map(|k| t.iter().map(|t| t.powi(k)).sum::<f64>());
    let plain = Device::flex();
    close(layer.coefficients.val().grad(&gradients).unwrap(), Tensor::from_data(powers, &plain));
    let slope = t.map(|t| half_e * (1.0 + t + t * t / 2.0));
    close(x.grad(&gradients).unwrap(), Tensor::from_data(slope.map(|s| 2.0 * s), &plain));
    let of_rate = slope[1] * 0.5 - slope[2];
    close(
        layer.rate.unwrap().val().grad(&gradients).unwrap(),
        Tensor::from_data([of_rate], &plain),
    );
}

#[test]
fn a_record_brings_the_point_along() {
    let device = Device::flex();
    let x = Tensor::<2>::from_data([[0.25f32, -0.5]], &device);
    let activation =
        |at: &str| TaylorActivationConfig::new().with_at(at.into()).init(&device).unwrap();
    let (zero, one) = (activation("0"), activation("pi/3"));
    let bytes = one.clone().into_record().into_bytes().unwrap();
    let record = burn::store::ModuleRecord::from_bytes(bytes).unwrap();
    let loaded = zero.load_record(record);
    assert_eq!(loaded.center.values(), [std::f64::consts::FRAC_PI_3]);
    assert_eq!(loaded.forward(x.clone()).into_data(), one.forward(x.clone()).into_data());

    let expansion = |at: &str, scale, order| {
        let config = TaylorExpansionConfig::new().with_at(at.into()).with_scale(scale);
        config.with_order(order).with_kind(Kind::Sum).init().unwrap()
    };
    let (zero, one) = (expansion("0", 1.0, 3), expansion("1", 0.5, 3));
    let loaded = zero.clone().load_record(one.clone().into_record());
    assert_eq!(loaded.forward(x.clone()).into_data(), one.forward(x.clone()).into_data());
    let error = zero.try_load_record(expansion("1", 0.5, 4).into_record()).unwrap_err();
    assert!(error.to_string().contains("numbers: shape mismatch"), "{error}");
}

/// Casts all float parameters, as users do it.
struct ToHalf;

impl ModuleMapper for ToHalf {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|tensor| tensor.cast(DType::F16))
    }
}

#[test]
fn a_cast_and_a_move_keep_the_point() {
    let device = Device::flex();
    let layer =
        TaylorConv2dConfig::new([1, 1], [1, 1]).with_at("pi/3".into()).init(&device).unwrap();
    let half = layer.map(&mut ToHalf).to_device(&device.clone().autodiff()).no_grad().valid();
    assert_eq!(half.weight.val().dtype(), DType::F16);
    assert_eq!(half.center.values(), [std::f64::consts::FRAC_PI_3]);
    assert_eq!(half.num_params(), 5);
    let loaded = half.clone().load_record(half.clone().into_record().cast_to_module_dtype());
    assert_eq!(loaded.center.values(), half.center.values());
}

#[test]
fn what_does_not_fit_is_refused() {
    let degree =
        TaylorExpansionConfig::new().with_degrees(Degrees::List(vec![5])).init().unwrap_err();
    assert!(matches!(degree, StartError::Degrees(_)), "{degree}");
    assert!(degree.to_string().contains('5'), "{degree}");
    let none = TaylorExpansionConfig::new().with_function("cos(x)".into()).with_order(1).init();
    assert!(matches!(none.unwrap_err(), StartError::Degrees(_)));
    let series = TaylorActivationConfig::new().with_function("log(x)".into()).init(&Device::flex());
    assert!(series.unwrap_err().to_string().contains("log1p"));
}

#[test]
#[should_panic(expected = "the channels are dimension 1 of a tensor of 1")]
fn a_tensor_without_channels_is_refused() {
    let layer = TaylorExpansionConfig::new().init().unwrap();
    let _ = layer.forward(Tensor::<1>::zeros([3], &Device::flex()));
}
