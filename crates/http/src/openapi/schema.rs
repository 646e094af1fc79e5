//! What is done to the schemas of the document before anybody sees it: bodies are closed, texts that
//! may be left out may be blank, the items of pages get their names, and what nothing refers to is
//! left out.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use utoipa::openapi::schema::{
    AdditionalProperties, AnyOf, ArrayItems, KnownFormat, SchemaFormat, SchemaType,
};
use utoipa::openapi::{AllOf, Components, Object, OpenApi, Ref, RefOr, Schema, Type};

use super::operations;

type Schemas = BTreeMap<String, RefOr<Schema>>;

/// Lets the items of each page refer to what they are; they are spelt out in full otherwise.
pub(super) fn name_items(components: &mut Components) {
    for (name, schema) in &mut components.schemas {
        let item = name.strip_prefix("Page_").map(Ref::from_schema_name);
        if let (Some(item), RefOr::T(Schema::Object(page))) = (item, schema)
            && let Some(RefOr::T(Schema::Array(items))) = page.properties.get_mut("items")
        {
            items.items = ArrayItems::RefOrSchema(Box::new(item.into()));
        }
    }
}

/// Says that bodies have no other fields than those that are documented, however deep.
///
/// A body that is put together of several parts becomes one object, since each part alone would
/// refuse the others' fields.
pub(super) fn close_bodies(document: &mut OpenApi) {
    let Some(components) = &mut document.components else { return };
    let mut closing = Closing { open: &components.schemas, closed: Schemas::new() };
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        let Some(RefOr::T(body)) = &mut operation.request_body else { continue };
        for content in body.content.values_mut() {
            if let RefOr::T(content) = content
                && let Some(schema) = &content.schema
            {
                content.schema = Some(closing.close(without_null(schema)));
            }
        }
    }
    let closed = closing.closed;
    components.schemas.extend(closed);
}

/// Takes null out of what a whole body may be: one that may be missing is missing, not null.
fn without_null(body: &RefOr<Schema>) -> &RefOr<Schema> {
    let RefOr::T(Schema::OneOf(choices)) = body else { return body };
    match choices.items.as_slice() {
        [body, RefOr::T(Schema::Object(null))] if null.schema_type == Type::Null.into() => body,
        _ => body,
    }
}

/// Closes schemas, and whatever they refer to.
struct Closing<'a> {
    open: &'a Schemas,
    closed: Schemas,
}

impl Closing<'_> {
    fn close(&mut self, schema: &RefOr<Schema>) -> RefOr<Schema> {
        match schema {
            RefOr::Ref(reference) => {
                self.close_component(name(reference));
                schema.clone()
            }
            RefOr::T(schema) => RefOr::T(self.close_schema(schema.clone())),
        }
    }

    fn close_component(&mut self, name: &str) {
        let Some(schema) = self.open.get(name) else { return };
        if self.closed.contains_key(name) {
            return;
        }
        // It is there before it is closed, for it may refer to itself.
        self.closed.insert(name.to_owned(), schema.clone());
        let closed = self.close(schema);
        self.closed.insert(name.to_owned(), closed);
    }

    fn close_schema(&mut self, mut schema: Schema) -> Schema {
        if let Schema::AllOf(parts) = &schema
            && let Some(whole) = merged(parts, self.open)
        {
            schema = Schema::Object(whole);
        }
        match &mut schema {
            Schema::Object(object) => {
                if is_object(object) {
                    let closed = || Box::new(AdditionalProperties::FreeForm(false));
                    object.additional_properties.get_or_insert_with(closed);
                }
                for property in object.properties.values_mut() {
                    *property = with_blank(self.close(property), self.open);
                }
            }
            Schema::Array(array) => {
                if let ArrayItems::RefOrSchema(items) = &mut array.items {
                    **items = self.close(items);
                }
            }
            Schema::OneOf(choices) => self.close_all(&mut choices.items),
            Schema::AnyOf(choices) => self.close_all(&mut choices.items),
            Schema::AllOf(parts) => self.close_all(&mut parts.items),
            _ => {}
        }
        schema
    }

    fn close_all(&mut self, schemas: &mut [RefOr<Schema>]) {
        for schema in schemas {
            *schema = self.close(schema);
        }
    }
}

/// Says that a blank text is taken for one that is left out, where a text may be left out: that is
/// how `Field::text` reads it.
fn with_blank(property: RefOr<Schema>, components: &Schemas) -> RefOr<Schema> {
    let RefOr::T(Schema::OneOf(choices)) = &property else { return property };
    match choices.items.as_slice() {
        [RefOr::Ref(text), null @ RefOr::T(_)] if is_text(text, components) => {
            let mut blank = Object::new();
            blank.schema_type = Type::String.into();
            blank.max_length = Some(0);
            blank.description = Some("Blank: as if it were left out.".to_owned());
            let mut any = AnyOf::new();
            any.items = vec![text.clone().into(), blank.into(), null.clone()];
            RefOr::T(Schema::AnyOf(any))
        }
        _ => property,
    }
}

/// Tells whether a component is free text, rather than a choice, a number or a day.
fn is_text(reference: &Ref, components: &Schemas) -> bool {
    let Some(RefOr::T(Schema::Object(text))) = components.get(name(reference)) else {
        return false;
    };
    let is_address = text.format == Some(SchemaFormat::KnownFormat(KnownFormat::Email));
    text.schema_type == Type::String.into()
        && text.enum_values.is_none()
        && text.pattern.is_none()
        && (text.min_length.is_some() || is_address)
}

/// Makes one object of several parts, if all of them are objects.
fn merged(parts: &AllOf, components: &Schemas) -> Option<Object> {
    let mut whole = Object::new();
    whole.schema_type = Type::Object.into();
    whole.description.clone_from(&parts.description);
    for part in &parts.items {
        let part = match part {
            RefOr::Ref(reference) => components.get(name(reference))?,
            part @ RefOr::T(_) => part,
        };
        let part = match part {
            RefOr::T(Schema::Object(object)) if is_object(object) => object.clone(),
            RefOr::T(Schema::AllOf(parts)) => merged(parts, components)?,
            RefOr::T(_) | RefOr::Ref(_) => return None,
        };
        whole.properties.extend(part.properties);
        whole.required.extend(part.required);
    }
    Some(whole)
}

fn is_object(object: &Object) -> bool {
    object.schema_type == SchemaType::Type(Type::Object)
}

fn name(reference: &Ref) -> &str {
    reference.ref_location.rsplit('/').next().unwrap_or_default()
}

/// Leaves out the components that no operation refers to, not even by way of others.
pub(super) fn drop_orphans(document: &mut OpenApi) {
    let Some(components) = &mut document.components else { return };
    let all = serde_json::to_value(&*components).unwrap_or_default();
    let paths = serde_json::to_value(&document.paths).unwrap_or_default();
    let mut used = BTreeSet::new();
    let mut to_read = vec![&paths];
    while let Some(value) = to_read.pop() {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str)
            && let Some(pointer) = reference.strip_prefix("#/components")
            && used.insert(pointer.to_owned())
        {
            to_read.extend(all.pointer(pointer));
        }
        to_read.extend(value.as_object().into_iter().flat_map(serde_json::Map::values));
        to_read.extend(value.as_array().into_iter().flatten());
    }
    components.schemas.retain(|name, _| used.contains(&format!("/schemas/{name}")));
    components.examples.retain(|name, _| used.contains(&format!("/examples/{name}")));
    components.headers.retain(|name, _| used.contains(&format!("/headers/{name}")));
}
