//! Plain values of a type, as cargo-mutants chooses them, to stand for what a function would have computed.

use syn::{GenericArgument, PathArguments, ReturnType, Type};

/// Values of a function's result, as code.
pub fn of(output: &ReturnType) -> Vec<String> {
    match output {
        ReturnType::Default => vec!["()".to_owned()],
        ReturnType::Type(_, ty) => of_type(ty),
    }
}

fn of_type(ty: &Type) -> Vec<String> {
    match ty {
        Type::Path(path) => path.path.segments.last().map_or_else(Vec::new, of_named),
        Type::Reference(reference) => of_reference(reference),
        Type::Tuple(tuple) => {
            let empty = vec![String::new()];
            let joined = tuple.elems.iter().fold(empty, |heads, element| {
                let values = of_type(element);
                heads.iter().flat_map(|head| values.iter().map(move |value| format!("{head}{value}, "))).collect()
            });
            joined.into_iter().map(|inside| format!("({})", inside.trim_end())).collect()
        }
        Type::Array(array) => {
            use syn::spanned::Spanned;
            let length = array.len.span().source_text().unwrap_or_default();
            of_type(&array.elem).into_iter().map(|value| format!("[{value}; {length}]")).collect()
        }
        Type::ImplTrait(_) => Vec::new(),
        _ => vec!["Default::default()".to_owned()],
    }
}

fn of_named(segment: &syn::PathSegment) -> Vec<String> {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let inner = argument(segment, 0).map(of_type).unwrap_or_default();
    let each = |form: &dyn Fn(&str) -> String| inner.iter().map(|value| form(value)).collect::<Vec<_>>();
    match segment.ident.to_string().as_str() {
        "bool" => words(&["true", "false"]),
        "u8" | "u16" | "u32" | "u64" | "u128" | "usize" => words(&["0", "1"]),
        "i8" | "i16" | "i32" | "i64" | "i128" | "isize" => words(&["0", "1", "-1"]),
        "f32" | "f64" => words(&["0.0", "1.0", "-1.0"]),
        "String" => words(&["String::new()", "\"xyzzy\".into()"]),
        "Option" => [words(&["None"]), each(&|value| format!("Some({value})"))].concat(),
        "Result" => each(&|value| format!("Ok({value})")),
        "Vec" => [words(&["vec![]"]), each(&|value| format!("vec![{value}]"))].concat(),
        "BTreeSet" | "VecDeque" => {
            [words(&["Default::default()"]), each(&|value| format!("[{value}].into_iter().collect()"))].concat()
        }
        "Box" | "Arc" => each(&|value| format!("{}::new({value})", segment.ident)),
        _ => words(&["Default::default()"]),
    }
}

fn of_reference(reference: &syn::TypeReference) -> Vec<String> {
    match &*reference.elem {
        Type::Path(path) if path.path.is_ident("str") => vec!["\"\"".to_owned(), "\"xyzzy\"".to_owned()],
        Type::Slice(slice) => {
            let values = of_type(&slice.elem).into_iter().map(|value| format!("Vec::leak(vec![{value}])"));
            std::iter::once("Vec::leak(Vec::new())".to_owned()).chain(values).collect()
        }
        other => of_type(other).into_iter().map(|value| format!("Box::leak(Box::new({value}))")).collect(),
    }
}

fn argument(segment: &syn::PathSegment, place: usize) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    let types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    { types }.nth(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_of_type_has_values() {
        let cases = [
            ("()", "()"),
            ("-> bool", "true | false"),
            ("-> Result<Option<u8>, Reason>", "Ok(None) | Ok(Some(0)) | Ok(Some(1))"),
            ("-> Result<(), Reason>", "Ok(())"),
            ("-> (u8, bool)", "(0, true,) | (0, false,) | (1, true,) | (1, false,)"),
            ("-> [u8; N]", "[0; N] | [1; N]"),
            ("-> &'static str", "\"\" | \"xyzzy\""),
            ("-> &[Range<u64>]", "Vec::leak(Vec::new()) | Vec::leak(vec![Default::default()])"),
            ("-> Self", "Default::default()"),
            ("-> impl Iterator<Item = u8>", ""),
        ];
        for (output, expected) in cases {
            let output = if output == "()" { "" } else { output };
            let signature = syn::parse_str::<syn::Signature>(&format!("fn f() {output}")).expect("a signature");
            assert_eq!(of(&signature.output).join(" | "), expected, "{output}");
        }
    }
}
