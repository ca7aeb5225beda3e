//! The table of quirks: what directories send beside RFC 7644, one flag each.

/// One habit, and the flag by which a tenant reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quirk {
    /// The flag.
    pub flag: Flag,
    /// Its name in a tenant's settings.
    pub name: &'static str,
    /// How it is read.
    pub meaning: &'static str,
    /// Who sends it, or what asks for it.
    pub source: &'static str,
    /// Whether the default profile has it.
    pub by_default: bool,
}

/// A quirk's flag; [`QUIRKS`] says what each means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u32)]
#[allow(missing_docs, reason = "the table says what each means")]
pub enum Flag {
    OpCase,
    MessageCase,
    BareMessage,
    NoOperations,
    EmptyPath,
    DottedNames,
    EchoedReadOnly,
    UnknownAttributes,
    UnqualifiedExtension,
    Scim1Urns,
    BareResource,
    BooleanText,
    ScalarAsText,
    NumberText,
    SingleAsArray,
    ArrayAsSingle,
    WrappedValue,
    BareComplex,
    EmptyClears,
    RemoveByValue,
    ReplaceCreates,
    UnmatchedRemove,
    MergeElements,
    UniqueGroupNames,
    OpenValues,
    JsonText,
    JsonValues,
    DottedUrns,
    FilteredAttributes,
    FilterWords,
}

impl Flag {
    /// The flag's row of the table.
    pub fn quirk(self) -> &'static Quirk {
        static NONE: Quirk = row(Flag::OpCase, "", "", "");
        QUIRKS.iter().find(|quirk| quirk.flag == self).unwrap_or(&NONE)
    }

    /// The flag's name in a tenant's settings.
    pub fn name(self) -> &'static str {
        self.quirk().name
    }
}

const fn row(flag: Flag, name: &'static str, meaning: &'static str, source: &'static str) -> Quirk {
    Quirk { flag, name, meaning, source, by_default: true }
}

/// Every quirk, in the order of the flags.
pub const QUIRKS: [Quirk; 30] = [
    row(
        Flag::OpCase,
        "opCase",
        "`op` is read in any case",
        "Entra without `aadOptscim062020`: https://learn.microsoft.com/entra/identity/app-provisioning/application-provisioning-config-problem-scim-compatibility",
    ),
    row(
        Flag::MessageCase,
        "messageCase",
        "`Operations`, `op`, `path`, `value` and `schemas` are read in any case",
        "clients that write `operations`: https://datatracker.ietf.org/doc/html/rfc7643#section-2.1",
    ),
    row(
        Flag::BareMessage,
        "bareMessage",
        "a PATCH body may lack `schemas`",
        "Entra's on-demand calls and older clients; asked of scimitar (#20)",
    ),
    row(
        Flag::NoOperations,
        "noOperations",
        "an empty `Operations` changes nothing",
        "Microsoft SCIM Validator: https://scimvalidator.microsoft.com",
    ),
    row(Flag::EmptyPath, "emptyPath", "an empty `path` is no path", "Entra's path-less operations"),
    row(
        Flag::DottedNames,
        "dottedNames",
        "a member of a value may be named by a path: `name.givenName`, `urn:…:User:department`",
        "Entra with `aadOptscim062020`: https://learn.microsoft.com/entra/identity/app-provisioning/application-provisioning-config-problem-scim-compatibility",
    ),
    row(
        Flag::EchoedReadOnly,
        "echoedReadOnly",
        "read-only attributes repeated in a path-less PATCH are passed over",
        "Okta sends the group's `id`: https://developer.okta.com/docs/api/openapi/okta-scim/guides/scim-20",
    ),
    row(
        Flag::UnknownAttributes,
        "unknownAttributes",
        "attributes that the schema does not have are passed over",
        "Entra, Okta, OneLogin",
    ),
    row(
        Flag::UnqualifiedExtension,
        "unqualifiedExtension",
        "an extension's attribute may be named without its URN: `manager`",
        "Entra: https://github.com/Captain-P-Goldfish/SCIM-SDK/issues/541",
    ),
    row(
        Flag::Scim1Urns,
        "scim1Urns",
        "URNs in SCIM 1's manner stand for those of SCIM 2.0",
        "OneLogin: https://github.com/goauthentik/authentik/issues/11249",
    ),
    row(
        Flag::BareResource,
        "bareResource",
        "a resource may lack its own URN in `schemas`",
        "JumpCloud, and hand-written clients",
    ),
    row(
        Flag::BooleanText,
        "booleanText",
        "`\"True\"` and `\"False\"` are booleans",
        "Entra: https://github.com/scimmyjs/scimmy/issues/51",
    ),
    row(
        Flag::ScalarAsText,
        "scalarAsText",
        "a number or a boolean is text where the schema wants text",
        "an employeeNumber sent as a number",
    ),
    row(
        Flag::NumberText,
        "numberText",
        "text is a number where the schema wants a number",
        "Entra sends every attribute as text",
    ),
    row(
        Flag::SingleAsArray,
        "singleAsArray",
        "one value is a list of one where the schema wants a list",
        "one e-mail sent without its list: OneLogin, hand-written clients",
    ),
    row(
        Flag::ArrayAsSingle,
        "arrayAsSingle",
        "a list of one is that value where the schema wants one value",
        "Entra's manager: https://github.com/Captain-P-Goldfish/SCIM-SDK/issues/652",
    ),
    row(
        Flag::WrappedValue,
        "wrappedValue",
        "`{\"members\": […]}` beside the path `members` is the list inside",
        "clients that repeat the attribute's name in the value",
    ),
    row(
        Flag::BareComplex,
        "bareComplex",
        "bare text for a complex value is its `value`",
        "Entra's manager: https://github.com/Captain-P-Goldfish/SCIM-SDK/issues/541",
    ),
    row(
        Flag::EmptyClears,
        "emptyClears",
        "an empty `value` unassigns a complex value",
        "Entra clears a manager: https://github.com/Captain-P-Goldfish/SCIM-SDK/issues/653",
    ),
    row(
        Flag::RemoveByValue,
        "removeByValue",
        "`remove` with a `value` removes that value and never the others",
        "Entra, authentik: https://github.com/Captain-P-Goldfish/SCIM-SDK/issues/149",
    ),
    row(
        Flag::ReplaceCreates,
        "replaceCreates",
        "`replace` of a value path without a match makes the element when the filter names a canonical value",
        "Entra and its validator: https://github.com/Captain-P-Goldfish/SCIM-SDK/issues/416",
    ),
    row(
        Flag::UnmatchedRemove,
        "unmatchedRemove",
        "`remove` of a value path without a match changes nothing",
        "Entra removes a manager or a member twice",
    ),
    row(
        Flag::MergeElements,
        "mergeElements",
        "`replace` of an element keeps the sub-attributes that the value does not name",
        "SailPoint replaces a part of a complex value: https://github.com/Captain-P-Goldfish/SCIM-SDK/issues/327",
    ),
    row(
        Flag::UniqueGroupNames,
        "uniqueGroupNames",
        "no two groups have the same `displayName`",
        "Entra and its validator match groups by name",
    ),
    row(
        Flag::OpenValues,
        "openValues",
        "values beside the canonical ones, and references that lead elsewhere than the schema says, are taken as they are",
        "RFC 7643 §7 calls canonical values suggested: https://datatracker.ietf.org/doc/html/rfc7643#section-7",
    ),
    Quirk {
        by_default: false,
        ..row(
            Flag::JsonText,
            "jsonText",
            "JSON written as text in `roles.value` is the role; off by default, as Entra wants to read back what it sent",
            "Entra's AppRoleAssignmentsComplex: https://github.com/Captain-P-Goldfish/SCIM-SDK/issues/516",
        )
    },
    row(
        Flag::JsonValues,
        "jsonValues",
        "JSON written as text where the schema wants a list or a complex value is that list or that value",
        "clients that encode a value twice; RFC 7644 §3.7.3 shows `data` as text: https://datatracker.ietf.org/doc/html/rfc7644#section-3.7.3",
    ),
    row(
        Flag::DottedUrns,
        "dottedUrns",
        "a dot after a schema's URN stands for the colon: `urn:…:User.manager`",
        "Microsoft's collection of SCIM requests: https://learn.microsoft.com/entra/identity/app-provisioning/use-scim-to-provision-users-and-groups",
    ),
    row(
        Flag::FilteredAttributes,
        "filteredAttributes",
        "`attributes=emails[type eq \"work\"]` shows `emails`",
        "Microsoft's collection of SCIM requests: https://github.com/AzureAD/SCIMReferenceCode",
    ),
    Quirk {
        by_default: false,
        ..row(
            Flag::FilterWords,
            "filterWords",
            "text in a filter may stand without quotes: `userName sw O`; off by default, as a mistake would then find nobody",
            "Microsoft's collection of SCIM requests: https://github.com/AzureAD/SCIMReferenceCode",
        )
    },
];
