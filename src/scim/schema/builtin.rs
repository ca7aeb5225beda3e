//! The schemas and resource types of RFC 7643 §4 and §8.7, as data.

use std::sync::LazyLock;

use super::{Attribute, Mutability, Registry, ResourceType, Returned, Schema, Type, Uniqueness};

/// URN of the User schema.
pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// URN of the Group schema.
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// URN of the enterprise extension.
pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// Users and groups with the enterprise extension.
pub fn builtin() -> &'static Registry {
    static REGISTRY: LazyLock<Registry> = LazyLock::new(|| Registry {
        schemas: vec![user(), group(), enterprise()],
        resource_types: vec![
            kind("User", "/Users", "a user account", USER, &[(ENTERPRISE, false)]),
            kind("Group", "/Groups", "a group of users and groups", GROUP, &[]),
        ],
    });
    &REGISTRY
}

/// The attributes every resource has (RFC 7643 §3.1), and `schemas`.
pub fn common() -> &'static [Attribute] {
    static COMMON: LazyLock<Vec<Attribute>> = LazyLock::new(|| {
        let read_only = |a: Attribute| Attribute { mutability: Mutability::ReadOnly, ..a };
        vec![
            Attribute {
                case_exact: true,
                returned: Returned::Always,
                uniqueness: Uniqueness::Server,
                ..read_only(text("id", "the id that the service gave out"))
            },
            exact(text("externalId", "the id that the client's directory uses")),
            Attribute {
                multi_valued: true,
                returned: Returned::Always,
                required: true,
                ..exact(of(Type::Reference, "schemas", "the schemas the resource has"))
            },
            read_only(complex(
                "meta",
                "facts the service keeps",
                vec![
                    read_only(exact(text("resourceType", "the resource type's name"))),
                    read_only(of(Type::DateTime, "created", "when it was created")),
                    read_only(of(Type::DateTime, "lastModified", "when it last changed")),
                    read_only(exact(of(Type::Reference, "location", "its URI"))),
                    read_only(exact(text("version", "its ETag"))),
                ],
            )),
        ]
    });
    &COMMON
}

fn user() -> Schema {
    let name = complex(
        "name",
        "the parts of the user's name",
        ["formatted", "familyName", "givenName", "middleName", "honorificPrefix", "honorificSuffix"]
            .map(|part| text(part, "a part of the name"))
            .into(),
    );
    let address = complex(
        "addresses",
        "postal addresses",
        ["formatted", "streetAddress", "locality", "region", "postalCode", "country"]
            .map(|part| text(part, "a part of the address"))
            .into_iter()
            .chain([canonical(text("type", "what it is for"), &["work", "home", "other"]), primary()])
            .collect(),
    );
    let groups = complex(
        "groups",
        "the groups that the user belongs to; change them at the group",
        vec![
            read_only(exact(text("value", "the group's id"))),
            read_only(refers(exact(of(Type::Reference, "$ref", "the group's URI")), &["Group"])),
            read_only(text("display", "the group's name")),
            read_only(canonical(text("type", "direct or through a group"), &["direct", "indirect"])),
        ],
    );
    let members = vec![
        Attribute {
            required: true,
            uniqueness: Uniqueness::Server,
            ..text("userName", "the name the user signs in with")
        },
        name,
        text("displayName", "the name to show"),
        text("nickName", "the casual name"),
        refers(of(Type::Reference, "profileUrl", "the user's page"), &["external"]),
        text("title", "the job title"),
        text("userType", "how the user relates to the organisation"),
        text("preferredLanguage", "as in Accept-Language"),
        text("locale", "for dates, numbers and currency"),
        text("timezone", "as in the time zone database"),
        of(Type::Boolean, "active", "whether the user may sign in"),
        Attribute {
            mutability: Mutability::WriteOnly,
            returned: Returned::Never,
            ..exact(text("password", "the new password"))
        },
        plural("emails", &["work", "home", "other"]),
        plural("phoneNumbers", &["work", "home", "mobile", "fax", "pager", "other"]),
        plural("ims", &["aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"]),
        plural("photos", &["photo", "thumbnail"]),
        multi(address),
        multi(read_only(groups)),
        plural("entitlements", &[]),
        plural("roles", &[]),
        plural("x509Certificates", &[]),
    ];
    schema(USER, "User", "a user account", members)
}

fn group() -> Schema {
    let immutable = |a: Attribute| Attribute { mutability: Mutability::Immutable, ..a };
    let members = complex(
        "members",
        "who belongs to the group",
        vec![
            immutable(exact(text("value", "the member's id"))),
            immutable(refers(exact(of(Type::Reference, "$ref", "the member's URI")), &["User", "Group"])),
            immutable(canonical(text("type", "what the member is"), &["User", "Group"])),
            read_only(text("display", "the member's name")),
        ],
    );
    let attributes =
        vec![Attribute { required: true, ..text("displayName", "the group's name") }, multi(members)];
    schema(GROUP, "Group", "a group of users and groups", attributes)
}

fn enterprise() -> Schema {
    let manager = complex(
        "manager",
        "the user's manager",
        vec![
            exact(text("value", "the manager's id")),
            refers(exact(of(Type::Reference, "$ref", "the manager's URI")), &["User"]),
            read_only(text("displayName", "the manager's name")),
        ],
    );
    let mut attributes: Vec<_> = ["employeeNumber", "costCenter", "organization", "division", "department"]
        .map(|name| text(name, "where the user stands in the enterprise"))
        .into();
    attributes.push(manager);
    schema(ENTERPRISE, "EnterpriseUser", "what enterprises keep of their users", attributes)
}

fn of(kind: Type, name: &str, description: &str) -> Attribute {
    Attribute {
        name: name.to_owned(),
        description: description.to_owned(),
        kind,
        multi_valued: false,
        required: false,
        case_exact: false,
        mutability: Mutability::ReadWrite,
        returned: Returned::Default,
        uniqueness: Uniqueness::None,
        canonical_values: Vec::new(),
        reference_types: Vec::new(),
        sub_attributes: Vec::new(),
    }
}

fn text(name: &str, description: &str) -> Attribute {
    of(Type::String, name, description)
}

fn complex(name: &str, description: &str, sub_attributes: Vec<Attribute>) -> Attribute {
    Attribute { sub_attributes, ..of(Type::Complex, name, description) }
}

/// The default shape of a multi-valued attribute (RFC 7643 §2.4).
fn plural(name: &str, types: &[&str]) -> Attribute {
    let value = match name {
        "photos" => of(Type::Reference, "value", "the photo's URI"),
        "x509Certificates" => exact(of(Type::Binary, "value", "the certificate, DER in base64")),
        _ => text("value", "the value"),
    };
    let sub = vec![
        value,
        text("display", "the name to show"),
        canonical(text("type", "what it is for"), types),
        primary(),
    ];
    multi(complex(name, "several of them, at most one primary", sub))
}

fn primary() -> Attribute {
    of(Type::Boolean, "primary", "whether it is the preferred one")
}

fn multi(attribute: Attribute) -> Attribute {
    Attribute { multi_valued: true, ..attribute }
}

fn exact(attribute: Attribute) -> Attribute {
    Attribute { case_exact: true, ..attribute }
}

fn read_only(attribute: Attribute) -> Attribute {
    Attribute { mutability: Mutability::ReadOnly, ..attribute }
}

fn canonical(attribute: Attribute, values: &[&str]) -> Attribute {
    Attribute { canonical_values: values.iter().map(|v| (*v).to_owned()).collect(), ..attribute }
}

fn refers(attribute: Attribute, types: &[&str]) -> Attribute {
    Attribute { reference_types: types.iter().map(|v| (*v).to_owned()).collect(), ..attribute }
}

fn schema(id: &str, name: &str, description: &str, attributes: Vec<Attribute>) -> Schema {
    Schema { id: id.to_owned(), name: name.to_owned(), description: description.to_owned(), attributes }
}

fn kind(
    name: &str,
    endpoint: &str,
    description: &str,
    schema: &str,
    extensions: &[(&str, bool)],
) -> ResourceType {
    ResourceType {
        id: name.to_owned(),
        name: name.to_owned(),
        description: description.to_owned(),
        endpoint: endpoint.to_owned(),
        schema: schema.to_owned(),
        extensions: extensions.iter().map(|(urn, required)| ((*urn).to_owned(), *required)).collect(),
    }
}
