//! What a message costs the host before any transport: said once, read by every member's cursor.
//!
//! The cost of one delivery is the figure to watch, and that it does not grow with the number of members.

use std::{hint::black_box, sync::Arc};

use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use parlor::{
    identity::Fingerprint,
    room::{Candidate, Cursor, Membership, Room},
    wire::{FromMember, Message, Security, frame, message::Say},
};
use tokio::runtime::Builder;

/// Messages that are said before anybody reads: what piles up while one sweep over a busy room lasts.
const BATCH: u64 = 16;

fn room(members: usize) -> (Arc<Room>, Vec<Membership>) {
    let room = Room::new("Bench".parse().expect("a name"));
    let host = room.admit_host(&"Host".parse().expect("a name"), None, Security::Plaintext).expect("a place");
    let admit = |number: usize| {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&number.to_le_bytes());
        let fingerprint = Some(Fingerprint::from_bytes(key));
        let name = format!("Member {number}");
        room.admit(&Candidate {
            name: &name,
            room: None,
            fingerprint,
            security: Security::Encrypted,
            conversation: 1,
            resume: None,
        })
        .expect("a place")
    };
    let members = std::iter::once(host).chain((1..members).map(admit)).collect();
    (room, members)
}

fn fan_out(criterion: &mut Criterion) {
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    let mut group = criterion.benchmark_group("deliver");
    for members in [5, 50, 500] {
        let (_room, members) = room(members);
        let mut cursors: Vec<Cursor> = members.iter().map(Membership::cursor).collect();
        let mut nonce = 0;
        group.throughput(Throughput::Elements(BATCH * members.len() as u64));
        group.bench_function(BenchmarkId::from_parameter(members.len()), |bencher| {
            bencher.iter(|| {
                for _ in 0..BATCH {
                    nonce += 1;
                    members[0].say(Say { nonce, text: "x".repeat(100) }).expect("said");
                }
                runtime.block_on(async {
                    let mut batch: Vec<Bytes> = Vec::new();
                    for cursor in &mut cursors {
                        batch.clear();
                        cursor.next(&mut batch).await;
                        black_box(&batch);
                    }
                });
            });
        });
    }
    group.finish();
}

fn codec(criterion: &mut Criterion) {
    let say = Say { nonce: 7, text: "x".repeat(100) };
    criterion.bench_function("encode a message", |bencher| bencher.iter(|| black_box(&say).encode()));
    let bytes = say.encode();
    criterion.bench_function("decode a message", |bencher| {
        bencher.iter(|| {
            let frame = frame::take(&mut black_box(&bytes[..]).into()).expect("a frame").expect("whole");
            FromMember::read(&frame).expect("a message")
        });
    });
}

criterion_group!(benches, fan_out, codec);
criterion_main!(benches);
