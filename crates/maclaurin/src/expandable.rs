//! Series as what arrays are expanded by.

use crate::expand::Polynomial;
use crate::series::Series;

impl Series {
    /// The coefficients and the point alone: what expanding an array needs.
    #[must_use]
    pub fn polynomial(&self) -> Polynomial {
        let (coefficients, degrees) = (self.coefficients().to_vec(), self.degrees().to_vec());
        Polynomial::with_degrees(self.at_f64(), coefficients, degrees)
    }
}
