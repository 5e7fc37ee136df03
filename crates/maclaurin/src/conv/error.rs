//! Why a convolution could not be done.

use thiserror::Error;

use crate::ExpandError;

/// Why a convolution could not be done.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ConvolutionError {
    /// An order of 0.
    #[error("the order is 0: there is no power to convolve; it must be at least 1")]
    NoOrder,
    /// A stride, dilation, number of groups or channels, or kernel extent of 0.
    #[error("{what} is 0; it must be at least 1")]
    Zero {
        /// What it is.
        what: &'static str,
    },
    /// Channels that cannot be split into the groups.
    #[error("{channels} {which} channels cannot be split into {groups} groups")]
    Groups {
        /// `input` or `output`.
        which: &'static str,
        /// How many there are.
        channels: usize,
        /// The number of groups.
        groups: usize,
    },
    /// Weights for another number of channels.
    #[error(
        "the weights have {found} input channels where {channels} channels in {groups} group(s) \
         at order {order} need {}",
        channels / groups * order
    )]
    WeightChannels {
        /// Input channels of the weights.
        found: usize,
        /// Channels of the input.
        channels: usize,
        /// The number of groups.
        groups: usize,
        /// The order.
        order: usize,
    },
    /// A kernel that does not fit into the padded input.
    #[error(
        "a kernel of {kernel} {axis} at dilation {dilation} spans more than the {padded} {axis} of \
         the padded input"
    )]
    KernelTooLarge {
        /// `rows` or `columns`.
        axis: &'static str,
        /// Its extent.
        kernel: usize,
        /// The dilation.
        dilation: usize,
        /// The input's extent with its padding.
        padded: usize,
    },
    /// An array of another shape than is needed.
    #[error("{what} has shape {found:?} where shape {expected:?} is needed")]
    WrongShape {
        /// Which array.
        what: &'static str,
        /// The shape needed.
        expected: Vec<usize>,
        /// The array's shape.
        found: Vec<usize>,
    },
    /// Sizes whose product does not fit in an integer.
    #[error("the convolution would have more values than an array can")]
    Overflow,
    /// An output that cannot be allocated, or threads that cannot be started.
    #[error(transparent)]
    Expand(#[from] ExpandError),
}
