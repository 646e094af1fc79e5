//! What checks a history, on histories that are made up.

use medilink_tests::history::{
    Deed, Kept, KeptAppointment, KeptChange, Operation, Outcome, Party, Span, Violation, Wish,
    violations,
};
use uuid::Uuid;

/// A history in which everything is as it should be: 0 books, 1 is refused meanwhile, 2 moves what
/// 0 has booked, 3 takes the time that is free then, 4 cancels what 0 has booked, 5 is told so.
fn a_history() -> (Vec<Operation>, Kept) {
    let nine = span(9, 10);
    let ten = span(10, 11);
    let operations = vec![
        book(1, nine, 0, Some((3, Outcome::Done(id(10))))),
        book(2, nine, 1, Some((2, Outcome::Busy(Party::Doctor)))),
        change(Wish::Move { appointment: id(10), span: ten }, 4, Some((5, Outcome::Done(id(10))))),
        book(2, nine, 6, Some((7, Outcome::Done(id(11))))),
        change(Wish::Cancel { appointment: id(10) }, 8, Some((9, Outcome::Done(id(10))))),
        change(Wish::Cancel { appointment: id(10) }, 9, Some((10, Outcome::Over))),
    ];
    let first = KeptAppointment {
        is_active: false,
        ..kept(
            10,
            1,
            ten,
            0,
            &[(Deed::Book, nine, 0), (Deed::Move, ten, 2), (Deed::Cancel, ten, 4)],
        )
    };
    let second = kept(11, 2, nine, 3, &[(Deed::Book, nine, 3)]);
    let entries = vec![
        (Deed::Book, id(10)),
        (Deed::Move, id(10)),
        (Deed::Cancel, id(10)),
        (Deed::Book, id(11)),
    ];
    (operations, Kept { appointments: vec![first, second], entries })
}

/// Returns what is found once the history has been changed.
fn after(change: impl FnOnce(&mut Vec<Operation>, &mut Kept)) -> Vec<Violation> {
    let (mut operations, mut kept) = a_history();
    change(&mut operations, &mut kept);
    violations(&operations, &kept)
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn span(from: i64, until: i64) -> Span {
    Span { from, until }
}

/// All book the same doctor.
fn book(patient: u128, span: Span, began: u64, end: Option<(u64, Outcome)>) -> Operation {
    let wish = Wish::Book { doctor: id(100), patient: id(patient), span };
    Operation { wish, began, end }
}

fn change(wish: Wish, began: u64, end: Option<(u64, Outcome)>) -> Operation {
    Operation { wish, began, end }
}

fn kept(
    number: u128,
    patient: u128,
    span: Span,
    label: usize,
    changes: &[(Deed, Span, usize)],
) -> KeptAppointment {
    let changes = changes.iter().map(|(deed, span, label)| KeptChange {
        deed: *deed,
        span: *span,
        label: (*deed != Deed::Book).then_some(*label),
    });
    KeptAppointment {
        id: id(number),
        doctor: id(100),
        patient: id(patient),
        span,
        is_active: true,
        label: Some(label),
        changes: changes.collect(),
    }
}

#[test]
fn a_history_that_can_be_has_nothing_wrong() {
    assert_eq!(after(|_, _| ()), []);
}

#[test]
fn active_appointments_that_overlap_are_found() {
    let found = after(|operations, kept| {
        operations.push(book(3, span(9, 12), 11, Some((12, Outcome::Done(id(12))))));
        kept.appointments.push(self::kept(12, 3, span(9, 12), 6, &[(Deed::Book, span(9, 12), 6)]));
        kept.entries.push((Deed::Book, id(12)));
    });

    assert_eq!(found, [Violation::Overlap(id(11), id(12))]);
}

#[test]
fn those_of_one_patient_with_two_doctors_are_found_too() {
    let found = after(|operations, kept| {
        let elsewhere = Wish::Book { doctor: id(101), patient: id(2), span: span(9, 10) };
        operations.push(change(elsewhere, 11, Some((12, Outcome::Done(id(12))))));
        let mut second = self::kept(12, 2, span(9, 10), 6, &[(Deed::Book, span(9, 10), 6)]);
        second.doctor = id(101);
        kept.appointments.push(second);
        kept.entries.push((Deed::Book, id(12)));
    });

    assert_eq!(found, [Violation::Overlap(id(11), id(12))]);
}

#[test]
fn an_overlap_that_has_passed_is_found() {
    // 3 has an answer before 2 frees the time.
    let found = after(|operations, _| {
        operations[2].began = 8;
        operations[2].end = Some((9, Outcome::Done(id(10))));
        operations[4].began = 10;
        operations[4].end = Some((11, Outcome::Done(id(10))));
        operations[5].end = Some((12, Outcome::Over));
    });

    assert_eq!(found, [Violation::OverlapMeanwhile(id(10), id(11))]);
}

#[test]
fn what_was_acknowledged_and_is_gone_is_found() {
    let found = after(|_, kept| {
        kept.appointments.pop();
        kept.entries.pop();
    });

    assert_eq!(found, [Violation::Lost(3)]);
}

#[test]
fn what_is_not_as_it_was_acknowledged_is_found() {
    let found = after(|operations, _| {
        let Wish::Book { patient, .. } = &mut operations[3].wish else { unreachable!() };
        *patient = id(3);
    });

    assert_eq!(found, [Violation::Lost(3)]);
}

#[test]
fn what_was_refused_and_done_is_found() {
    let found = after(|operations, _| {
        operations[4].end = Some((9, Outcome::Busy(Party::Patient)));
    });

    assert!(found.contains(&Violation::DoneThoughRefused(4)), "{found:?}");
}

#[test]
fn a_refusal_without_a_ground_is_found() {
    let late = after(|operations, _| {
        operations.push(book(4, span(10, 11), 11, Some((12, Outcome::Busy(Party::Doctor)))));
    });
    let of_the_wrong_party = after(|operations, _| {
        operations[1].end = Some((2, Outcome::Busy(Party::Patient)));
    });
    let of_what_is_not_over = after(|operations, _| {
        let cancel = Wish::Cancel { appointment: id(11) };
        operations.push(change(cancel, 11, Some((12, Outcome::Over))));
    });
    let by_itself = after(|operations, _| {
        let apart = Wish::Move { appointment: id(11), span: span(9, 10) };
        operations.push(change(apart, 11, Some((12, Outcome::Busy(Party::Patient)))));
    });

    assert_eq!(late, [Violation::Groundless(6)]);
    assert_eq!(of_the_wrong_party, [Violation::Groundless(1)]);
    assert_eq!(of_what_is_not_over, [Violation::Groundless(6)]);
    assert_eq!(by_itself, [Violation::Groundless(6)]);
}

#[test]
fn a_write_in_doubt_is_a_ground_until_its_server_has_died() {
    let refused = |ended| {
        after(|operations, _| {
            operations.push(book(4, span(14, 15), 11, ended));
            let refusal = Some((14, Outcome::Busy(Party::Doctor)));
            operations.push(book(5, span(14, 15), 13, refusal));
        })
    };

    assert_eq!(refused(None), []);
    assert_eq!(refused(Some((14, Outcome::Died))), []);
    assert_eq!(refused(Some((12, Outcome::Died))), [Violation::Groundless(7)]);
}

#[test]
fn an_operation_without_an_answer_is_there_or_not() {
    let is_there = after(|operations, _| operations[3].end = None);
    let is_absent = after(|operations, kept| {
        operations[3].end = Some((7, Outcome::Died));
        kept.appointments.pop();
        kept.entries.pop();
    });

    assert_eq!((is_there, is_absent), (Vec::new(), Vec::new()));
}

#[test]
fn an_operation_of_which_a_part_is_missing_is_found() {
    let torn = [Violation::Torn(id(11))];

    let without_its_entry = after(|_, kept| kept.entries.truncate(3));
    let with_two_entries = after(|_, kept| kept.entries.push((Deed::Book, id(11))));
    let without_its_history = after(|operations, kept| {
        operations[3].end = None;
        kept.appointments[1].changes.clear();
    });
    let without_its_effect = after(|_, kept| kept.appointments[1].span = span(8, 9));
    let an_entry_alone = after(|operations, kept| {
        operations[3].end = None;
        kept.appointments.pop();
    });

    assert_eq!(without_its_entry, torn);
    assert_eq!(with_two_entries, torn);
    assert_eq!(without_its_history, torn);
    assert_eq!(without_its_effect, torn);
    assert_eq!(an_entry_alone, torn);
}

#[test]
fn what_is_done_twice_or_unasked_is_found() {
    let unasked = after(|operations, _| drop(operations.drain(4..)));
    let twice = after(|_, kept| {
        let second = kept.appointments[1].clone();
        kept.appointments.push(KeptAppointment { id: id(12), span: span(16, 17), ..second });
        kept.appointments[2].changes[0].span = span(16, 17);
        kept.entries.push((Deed::Book, id(12)));
    });

    assert_eq!(unasked, [Violation::NotAskedFor(id(10))]);
    assert_eq!(twice, [Violation::NotAskedFor(id(11)), Violation::NotAskedFor(id(12))]);
}

#[test]
fn what_took_effect_in_another_order_than_it_was_acknowledged_is_found() {
    let found = after(|operations, kept| {
        let twelve = span(12, 13);
        let again = Wish::Move { appointment: id(11), span: twelve };
        let back = Wish::Move { appointment: id(11), span: span(9, 10) };
        operations.push(change(again, 11, Some((12, Outcome::Done(id(11))))));
        operations.push(change(back, 13, Some((14, Outcome::Done(id(11))))));
        let second = &mut kept.appointments[1];
        let later = KeptChange { deed: Deed::Move, span: span(9, 10), label: Some(7) };
        second.changes.push(later);
        second.changes.push(KeptChange { deed: Deed::Move, span: twelve, label: Some(6) });
        second.span = twelve;
        kept.entries.extend([(Deed::Move, id(11)); 2]);
    });

    assert_eq!(found, [Violation::OutOfOrder(6, 7)]);
}
