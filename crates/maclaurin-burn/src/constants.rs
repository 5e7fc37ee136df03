//! Numbers that are not trained and belong to a layer's record all the same.

use burn::module::{
    Content, Devices, Module, ModuleDisplay, ModuleDisplayDefault, ModuleMapper, ModuleVisitor,
    Param, ParamId,
};
use burn::tensor::{DType, Device, Int, Tensor, TensorData};

/// Numbers in double precision that a record keeps, such as a layer's expansion point.
///
/// Burn's records hold tensors alone, and a plain field of a module stays as it is when a record is
/// loaded: weights of a layer about 1 would then be used about 0. So a record has the bits of these
/// numbers, as integers that no optimizer and no cast touches, and loading it brings them along.
///
/// # Examples
///
/// ```
/// use burn::module::Module;
/// use burn::tensor::{Device, Tensor};
/// use maclaurin_burn::TaylorLinearConfig;
///
/// let device = Device::flex();
/// let about = |at: &str| TaylorLinearConfig::new(3, 2).with_at(at.into()).init(&device);
/// let (zero, one) = (about("0")?, about("pi/3")?);
/// let loaded = zero.load_record(one.clone().into_record());
/// assert_eq!(loaded.convolution.center.values(), [std::f64::consts::FRAC_PI_3]);
/// let x = Tensor::<2>::ones([1, 3], &device);
/// assert_eq!(loaded.forward(x.clone()).into_data(), one.forward(x).into_data());
/// # Ok::<(), maclaurin_burn::StartError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Constants {
    id: ParamId,
    values: Vec<f64>,
}

impl Constants {
    pub(crate) fn new(values: Vec<f64>) -> Self {
        Self { id: ParamId::new(), values }
    }

    /// The numbers.
    ///
    /// # Examples
    ///
    /// ```
    /// use burn::tensor::Device;
    /// use maclaurin_burn::TaylorConv1dConfig;
    ///
    /// let layer = TaylorConv1dConfig::new(1, 1, 3).with_at("1/2".into()).init(&Device::flex())?;
    /// assert_eq!(layer.convolution.center.values(), [0.5]);
    /// # Ok::<(), maclaurin_burn::StartError>(())
    /// ```
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The bits as a parameter, on the CPU: no accelerator is waited for, and all of them have 64 bits.
    fn parameter(&self) -> Param<Tensor<1, Int>> {
        let bits: Vec<i64> =
            self.values.iter().map(|value| value.to_bits().cast_signed()).collect();
        let data = TensorData::new(bits, [self.values.len()]);
        Param::initialized(self.id, Tensor::from_data(data, (&Device::flex(), DType::I64)))
    }
}

impl Module for Constants {
    fn visit<V: ModuleVisitor>(&self, visitor: &mut V) {
        visitor.visit_int(&self.parameter());
    }

    fn map<M: ModuleMapper>(self, mapper: &mut M) -> Self {
        let mapped = mapper.map_int(self.parameter());
        let data = mapped.val().into_data();
        let values = data.iter::<i64>().map(|bits| f64::from_bits(bits.cast_unsigned()));
        Self { id: mapped.id, values: values.collect() }
    }

    fn collect_devices(&self, devices: Devices) -> Devices {
        devices
    }

    fn fork(self, _: &Device) -> Self {
        self
    }

    fn to_device(self, _: &Device) -> Self {
        self
    }

    fn materialize(self) -> Self {
        self
    }

    fn valid(&self) -> Self {
        self.clone()
    }

    fn train(self) -> Self {
        self
    }
}

impl ModuleDisplayDefault for Constants {
    fn content(&self, content: Content) -> Option<Content> {
        content.add_formatted(&format!("{:?}", self.values)).optional()
    }
}

impl ModuleDisplay for Constants {}
