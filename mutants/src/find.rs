//! Which mutants there are: the operators of cargo-mutants, found in the syntax of a file.
//!
//! A function's result is replaced by plain values of its type, an operator by its neighbours, `!` and `-` are dropped,
//! an arm of a match with a wildcard is taken out, a guard is made always true or false. What macros hold is left alone.

use std::ops::Range;

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use crate::values;

/// A place in a file where something can be wrong in one or more ways.
#[derive(Debug)]
pub struct Site {
    /// What is replaced; empty for what is only put in.
    pub range: Range<usize>,
    /// How the mutants are written into the file.
    pub form: Form,
    /// In which function.
    pub function: String,
    /// Line in the file, from 1.
    pub line: usize,
    /// Why no mutant of this place can be switched on while the program runs.
    pub apart: bool,
    /// What stands there instead, one for each mutant.
    pub mutants: Vec<Change>,
}

/// One way to be wrong.
#[derive(Debug)]
pub struct Change {
    /// In words, without the function.
    pub what: String,
    /// The operator, the value or the guard that stands there instead.
    pub code: String,
}

/// The shape of a site.
#[derive(Debug)]
pub enum Form {
    /// Two operands.
    Binary {
        /// Left operand.
        left: Range<usize>,
        /// The operator as it is.
        operator: Range<usize>,
        /// Right operand.
        right: Range<usize>,
    },
    /// An operator to be dropped before this operand.
    Unary {
        /// What it is applied to.
        operand: Range<usize>,
    },
    /// The guard of an arm; an arm without a guard gets one.
    Guard,
    /// The beginning of a function's body, whose closing brace ends before this offset.
    Body {
        /// Just before the closing brace.
        end: usize,
    },
}

/// All sites of a file, in the order of its text.
///
/// # Errors
/// If the file is not Rust.
pub fn sites(source: &str) -> Result<Vec<Site>, syn::Error> {
    let file = syn::parse_file(source)?;
    let mut finder = Finder { sites: Vec::new(), names: Vec::new(), constant: 0, source };
    finder.visit_file(&file);
    // What is around comes first: of what starts at one place the longer, and a guard before the expression that it is.
    let order = |site: &Site| (site.range.start, !site.range.is_empty(), std::cmp::Reverse(site.range.end));
    finder.sites.sort_by_key(|site| (order(site), !matches!(site.form, Form::Guard)));
    Ok(finder.sites)
}

struct Finder<'s> {
    sites: Vec<Site>,
    /// Types and functions around what is looked at.
    names: Vec<String>,
    /// How many constant contexts stand around it.
    constant: usize,
    source: &'s str,
}

impl Finder<'_> {
    fn add(&mut self, span: Span, range: Range<usize>, form: Form, mutants: Vec<Change>) {
        let (function, apart) = (self.names.join("::"), self.constant > 0);
        if !mutants.is_empty() {
            self.sites.push(Site { range, form, function, line: span.start().line, apart, mutants });
        }
    }

    fn text(&self, span: Span) -> &str {
        &self.source[span.byte_range()]
    }

    fn function(&mut self, attributes: &[syn::Attribute], signature: &syn::Signature, block: &syn::Block) {
        if attributes.iter().any(is_test) || signature.unsafety.is_some() {
            return;
        }
        self.names.push(signature.ident.to_string());
        let start = block.brace_token.span.open().byte_range().end;
        let end = block.brace_token.span.close().byte_range().start;
        let values = if block.stmts.is_empty() { Vec::new() } else { values::of(&signature.output) };
        // What is already there is no mutant.
        let body = self.source[start..end].trim();
        let is_default = |value: &str| value == "Default::default()" && body.ends_with("::default()");
        let values = values.into_iter().filter(|value| value != body && !is_default(value));
        let mutants = values.map(|code| Change { what: format!("replace its result with {code}"), code }).collect();
        self.add(signature.ident.span(), start..start, Form::Body { end }, mutants);
        visit::visit_block(self, block);
        self.names.pop();
    }

    fn in_constant(&mut self, visit: impl FnOnce(&mut Self)) {
        self.constant += 1;
        visit(self);
        self.constant -= 1;
    }
}

fn is_test(attribute: &syn::Attribute) -> bool {
    let is_cfg_test = || {
        attribute.path().is_ident("cfg") && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
    };
    attribute.path().is_ident("test") || is_cfg_test()
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if !module.attrs.iter().any(is_test) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.function(&function.attrs, &function.sig, &function.block);
    }

    fn visit_item_impl(&mut self, block: &'ast syn::ItemImpl) {
        if block.attrs.iter().any(is_test) {
            return;
        }
        let ty = self.text(block.self_ty.span()).split('<').next().unwrap_or_default().to_owned();
        self.names.push(match &block.trait_ {
            Some((path, ..)) => format!("<{} for {ty}>", self.text(path.span())),
            None => ty,
        });
        visit::visit_item_impl(self, block);
        self.names.pop();
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.function(&function.attrs, &function.sig, &function.block);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        if let Some(block) = &function.default {
            self.function(&function.attrs, &function.sig, block);
        }
    }

    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        self.in_constant(|finder| visit::visit_item_const(finder, item));
    }

    fn visit_item_static(&mut self, item: &'ast syn::ItemStatic) {
        self.in_constant(|finder| visit::visit_item_static(finder, item));
    }

    fn visit_impl_item_const(&mut self, item: &'ast syn::ImplItemConst) {
        self.in_constant(|finder| visit::visit_impl_item_const(finder, item));
    }

    fn visit_type_array(&mut self, array: &'ast syn::TypeArray) {
        self.in_constant(|finder| visit::visit_type_array(finder, array));
    }

    fn visit_expr_repeat(&mut self, repeat: &'ast syn::ExprRepeat) {
        self.visit_expr(&repeat.expr);
        self.in_constant(|finder| finder.visit_expr(&repeat.len));
    }

    fn visit_generic_argument(&mut self, argument: &'ast syn::GenericArgument) {
        self.in_constant(|finder| visit::visit_generic_argument(finder, argument));
    }

    fn visit_expr_binary(&mut self, binary: &'ast syn::ExprBinary) {
        visit::visit_expr_binary(self, binary);
        if has_let(&binary.left) || has_let(&binary.right) {
            return;
        }
        let operator = self.text(binary.op.span()).to_owned();
        let change = |code: &&str| Change { what: format!("replace {operator} with {code}"), code: (*code).to_owned() };
        let mutants = instead_of(&operator).iter().map(change).collect();
        let (left, right) = (binary.left.span().byte_range(), binary.right.span().byte_range());
        let form = Form::Binary { left, operator: binary.op.span().byte_range(), right };
        self.add(binary.op.span(), binary.span().byte_range(), form, mutants);
    }

    fn visit_expr_unary(&mut self, unary: &'ast syn::ExprUnary) {
        visit::visit_expr_unary(self, unary);
        let operator = match unary.op {
            syn::UnOp::Not(_) => "!",
            syn::UnOp::Neg(_) => "-",
            _ => return,
        };
        let mutants = vec![Change { what: format!("delete {operator}"), code: String::new() }];
        let form = Form::Unary { operand: unary.expr.span().byte_range() };
        self.add(unary.span(), unary.span().byte_range(), form, mutants);
    }

    fn visit_expr_match(&mut self, expression: &'ast syn::ExprMatch) {
        visit::visit_expr_match(self, expression);
        let is_wildcard = |arm: &syn::Arm| matches!(arm.pat, syn::Pat::Wild(_)) && arm.guard.is_none();
        let has_wildcard = expression.arms.iter().any(is_wildcard);
        for arm in &expression.arms {
            let mut mutants = Vec::new();
            let pattern = self.text(arm.pat.span()).split_whitespace().collect::<Vec<_>>().join(" ");
            let change = |what: String, code: &str| Change { what, code: code.to_owned() };
            if has_wildcard && !is_wildcard(arm) {
                mutants.push(change(format!("delete match arm {pattern}"), "false"));
            }
            if arm.guard.is_some() {
                mutants.push(change(format!("replace guard of match arm {pattern} with true"), "true"));
                if mutants.len() == 1 {
                    mutants.push(change(format!("replace guard of match arm {pattern} with false"), "false"));
                }
            }
            let end = arm.pat.span().byte_range().end;
            let range = arm.guard.as_ref().map_or(end..end, |(_, guard)| guard.span().byte_range());
            self.add(arm.pat.span(), range, Form::Guard, mutants);
        }
    }
}

/// Whether an expression is part of a chain with `let`, in which `&&` is no operator.
fn has_let(expression: &syn::Expr) -> bool {
    match expression {
        syn::Expr::Let(_) => true,
        syn::Expr::Binary(binary) if matches!(binary.op, syn::BinOp::And(_)) => {
            has_let(&binary.left) || has_let(&binary.right)
        }
        _ => false,
    }
}

fn instead_of(operator: &str) -> &'static [&'static str] {
    match operator {
        "==" => &["!="],
        "!=" => &["=="],
        "&&" => &["||"],
        "||" => &["&&"],
        "<" => &["==", ">", "<="],
        ">" => &["==", "<", ">="],
        "<=" => &[">"],
        ">=" => &["<"],
        "+" => &["-", "*"],
        "-" => &["+", "/"],
        "*" => &["+", "/"],
        "/" => &["%", "*"],
        "%" => &["/", "+"],
        "<<" => &[">>"],
        ">>" => &["<<"],
        "&" => &["|", "^"],
        "|" => &["&", "^"],
        "^" => &["|", "&"],
        "+=" => &["-=", "*="],
        "-=" => &["+=", "/="],
        "*=" => &["+=", "/="],
        "/=" => &["%=", "*="],
        "%=" => &["/=", "+="],
        "<<=" => &[">>="],
        ">>=" => &["<<="],
        "&=" => &["|=", "^="],
        "|=" => &["&=", "^="],
        "^=" => &["|=", "&="],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(source: &str) -> Vec<String> {
        let sites = sites(source).expect("it is Rust");
        let told = |site: &Site, change: &Change| format!("{}: {}: {}", site.line, site.function, change.what);
        sites.iter().flat_map(|site| site.mutants.iter().map(|change| told(site, change))).collect()
    }

    #[test]
    fn functions_operators_arms_and_guards_are_found() {
        let source = "impl Log {\n fn whole(&self) -> bool {\n match self.end {\n 0 if self.a < 1 => !self.b,\n _ => true }\n }\n}";
        assert_eq!(
            found(source),
            [
                "2: Log::whole: replace its result with true",
                "2: Log::whole: replace its result with false",
                "4: Log::whole: delete match arm 0",
                "4: Log::whole: replace guard of match arm 0 with true",
                "4: Log::whole: replace < with ==",
                "4: Log::whole: replace < with >",
                "4: Log::whole: replace < with <=",
                "4: Log::whole: delete !",
            ]
        );
    }

    #[test]
    fn tests_and_macros_are_left_alone_and_constants_stand_apart() {
        let source =
            "#[cfg(test)] mod tests { fn f() -> bool { 1 < 2 } }\nfn g() { assert!(1 < 2); }\nconst A: u8 = 1 + 2;";
        assert_eq!(
            found(source),
            ["2: g: replace its result with ()", "3: : replace + with -", "3: : replace + with *"]
        );
        let apart = sites(source).expect("it is Rust").iter().map(|site| site.apart).collect::<Vec<_>>();
        assert_eq!(apart, [false, true]);
    }

    #[test]
    fn a_chain_with_let_has_no_operator_between_its_links() {
        assert_eq!(found("fn f() -> u8 { if let Some(a) = b && a { 0 } else { 1 } }").len(), 2);
    }
}
