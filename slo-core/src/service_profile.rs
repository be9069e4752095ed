//! What people are told of a service.

use serde::{Deserialize, Serialize};

use crate::name::Name;
use crate::text::{Description, DisplayName, Labels};

/// What people are told of the service that indicators and objectives name.
///
/// None needs to have one: the name alone says which objectives belong together. `Service` is the use cases.
///
/// ```
/// use slo_core::ServiceProfile;
///
/// let web = ServiceProfile::new("web".parse()?);
/// let web = ServiceProfile { display_name: Some("The shop".to_owned().try_into()?), ..web };
/// assert_eq!(web.display_name.as_ref().map(|name| name.as_str()), Some("The shop"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceProfile {
    /// The service, as indicators and objectives name it.
    pub name: Name,
    /// How people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<DisplayName>,
    /// What it does, and for whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Description>,
    /// Free labels.
    #[serde(default)]
    pub labels: Labels,
}

impl ServiceProfile {
    /// A profile with nothing optional.
    #[must_use]
    pub fn new(name: Name) -> Self {
        Self { name, display_name: None, description: None, labels: Labels::default() }
    }
}
