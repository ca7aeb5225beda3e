//! Attribute names: Microsoft Graph's are the older provisioning vocabulary's by other
//! spellings, and a mapping may use either.

/// Graph's (or the newer CSV's) name, then the vocabulary's.
const ALIASES: &[(&str, &str)] = &[
    ("id", "objectId"),
    ("mobilePhone", "mobile"),
    ("officeLocation", "physicalDeliveryOfficeName"),
    ("faxNumber", "facsimileTelephoneNumber"),
    ("onPremisesImmutableId", "immutableId"),
    ("directorySynced", "dirSyncEnabled"),
    ("onPremisesSyncEnabled", "dirSyncEnabled"),
    ("alternateEmailAddress", "otherMails"),
    ("onPremisesDomainName", "onPremisesDomainName"),
];

/// Attributes that files often have, whether a mapping reads them or not.
#[rustfmt::skip]
pub(crate) const KNOWN: &[&str] = &[
    "accountEnabled", "ageGroup", "assignedLicenses", "assignedPlans", "businessPhones", "city", "companyName",
    "consentProvidedForMinor", "costCenter", "country", "createdDateTime", "creationType", "deletedDateTime",
    "department", "dirSyncEnabled", "displayName", "division", "employeeHireDate", "employeeId",
    "employeeLeaveDateTime", "employeeType", "extensionAttribute", "externalUserState",
    "externalUserStateChangeDateTime", "facsimileTelephoneNumber", "givenName", "identities", "identityIssuer",
    "imAddresses", "immutableId", "invitationState", "isResourceAccount", "jobTitle", "lastPasswordChangeDateTime",
    "legalAgeGroupClassification", "licenseAssignmentStates", "mail", "mailNickname", "manager", "mobile",
    "netId", "objectId", "onPremisesDistinguishedName", "onPremisesDomainName", "onPremisesLastSyncDateTime",
    "onPremisesProvisioningErrors", "onPremisesSamAccountName", "onPremisesSecurityIdentifier",
    "onPremisesUserPrincipalName", "originalUserPrincipalName", "otherMails", "passwordPolicies", "passwordProfile",
    "physicalDeliveryOfficeName", "postalCode", "preferredDataLocation", "preferredLanguage",
    "provisionedPlans", "proxyAddresses", "securityIdentifier", "serviceProvisioningErrors", "showInAddressList",
    "sipProxyAddress", "state", "streetAddress", "surname", "telephoneNumber", "usageLocation", "userPrincipalName",
    "userState", "userStateChangedOn", "userType",
];

/// Whether it is an attribute that directories have.
pub(crate) fn is_known(name: &str) -> bool {
    let name = canonical(name);
    let extension = ["extension_", "extensionAttribute", "customSecurityAttributes", "urn:"];
    KNOWN.iter().any(|known| known.eq_ignore_ascii_case(name))
        || extension.iter().any(|begin| name.starts_with(begin))
}

/// Whether the service computes it, so that no file has it.
pub(crate) fn is_computed(name: &str) -> bool {
    ["IsSoftDeleted", "appRoleAssignments", "members"].iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// The name the column is kept under.
pub(crate) fn canonical(name: &str) -> &str {
    let name = name.strip_prefix("onPremisesExtensionAttributes.").unwrap_or(name);
    ALIASES
        .iter()
        .find(|(graph, _)| graph.eq_ignore_ascii_case(name))
        .map_or(name, |(_, vocabulary)| vocabulary)
}

/// A guest's `userPrincipalName` as provisioning presents it: `a_b.example#EXT#@tenant` → `a@b.example`.
pub(crate) fn guest_name(upn: &str) -> Option<String> {
    let at = upn.find("#EXT#@")?;
    let (alias, domain) = upn.get(..at)?.rsplit_once('_')?;
    Some(format!("{alias}@{domain}"))
}

/// Entra's spelling of a boolean, if the text is one.
pub(crate) fn boolean(text: &str) -> Option<&'static str> {
    if text.eq_ignore_ascii_case("true") {
        Some("True")
    } else if text.eq_ignore_ascii_case("false") {
        Some("False")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_meet_in_the_vocabulary() {
        assert_eq!(canonical("id"), "objectId");
        assert_eq!(canonical("objectId"), "objectId");
        assert_eq!(canonical("onPremisesExtensionAttributes.extensionAttribute7"), "extensionAttribute7");
    }

    #[test]
    fn a_guest_is_known_by_the_home_address() {
        let presented = guest_name("ana_maria_fabrikam.example#EXT#@contoso.onmicrosoft.com");
        assert_eq!(presented.as_deref(), Some("ana_maria@fabrikam.example"));
        assert_eq!(guest_name("ana@contoso.example"), None);
    }
}
