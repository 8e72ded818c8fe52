//! From an empty room to the figures: everybody comes in, the room is watched in silence, there is talk, and what is still on its
//! way arrives.

use std::{
    cell::{Cell, RefCell},
    io,
    rc::Rc,
    time::Duration,
};

use tokio::{
    sync::{Notify, Semaphore},
    task::{AbortHandle, spawn_local},
    time::{Instant, sleep},
};

use super::{
    link::Dialler,
    member::{Crowd, Outbox, attend, talk},
    plan::Plan,
    process::{Process, Used},
    report::{Idle, Join, Latency, Memory, Report, Talk},
    speaker::Speaker,
    tally::{Faults, Tally},
};

/// A server is at rest when it has had no more than a fiftieth of a processor for so long.
const REST: Duration = Duration::from_millis(200);
/// What is not over by then never will be.
const PATIENCE: Duration = Duration::from_secs(20);

/// Puts a server under load.
pub(crate) async fn run<S: Speaker>(plan: Plan) -> io::Result<Report> {
    if let Some(complaint) = plan.complaint() {
        return Err(io::Error::other(complaint));
    }
    let server = Process(plan.pid);
    let crowd = Rc::new(Crowd {
        tally: RefCell::new(Tally::new(plan.members, plan.senders)),
        plan,
        present: Cell::new(0),
        again: Cell::new(0),
        came: Notify::new(),
        failed: RefCell::new(None),
        talks: Cell::new(true),
    });
    let before_kib = server.resident()?;
    let outboxes: Vec<Rc<Outbox>> = (0..crowd.plan.members).map(|_| Rc::default()).collect();
    let (join, members) = join::<S>(&crowd, &outboxes, server).await?;
    let after_kib = server.resident()?;
    let kib_each = after_kib.saturating_sub(before_kib) as f64 / crowd.plan.members as f64;
    let idle = watch(&crowd, server).await?;
    let talk = if crowd.plan.senders > 0 { Some(hold::<S>(&crowd, &outboxes, server).await?) } else { None };
    members.iter().for_each(AbortHandle::abort);
    let mut tally = crowd.tally.borrow_mut();
    tally.close();
    let allowed = if S::HAS_ONE_ORDER { 0 } else { tally.faults.disordered };
    let Plan { server, over, members, senders, rate, payload, .. } = crowd.plan.clone();
    Ok(Report {
        server,
        over,
        members,
        senders,
        rate,
        payload,
        is_valid: tally.faults == Faults { disordered: allowed, ..Faults::default() },
        faults: tally.faults,
        complaint: tally.complaint.clone(),
        join,
        memory: Memory { before_kib, after_kib, kib_each },
        idle,
        talk,
    })
}

/// All come at once.
async fn join<S: Speaker>(
    crowd: &Rc<Crowd>,
    outboxes: &[Rc<Outbox>],
    server: Process,
) -> io::Result<(Join, Vec<AbortHandle>)> {
    let Plan { at, over, members, at_once, .. } = crowd.plan;
    let dialler = Rc::new(Dialler::new::<S>(at, over, members)?);
    let at_once = Rc::new(Semaphore::new(at_once.min(members)));
    let (begun, used) = (Instant::now(), server.used()?);
    let come = |(number, outbox): (usize, &Rc<Outbox>)| {
        let attended = attend::<S>(crowd.clone(), dialler.clone(), at_once.clone(), number, outbox.clone());
        spawn_local(attended).abort_handle()
    };
    let handles = outboxes.iter().enumerate().map(come).collect();
    while crowd.present.get() < members {
        crowd.came.notified().await;
        if let Some(error) = crowd.failed.borrow_mut().take() {
            return Err(io::Error::other(format!("somebody could not come in: {error}")));
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    let rested = rest(server).await?;
    let cpu_ms = (rested.server - used.server).as_secs_f64() * 1e3 / members as f64;
    Ok((Join { seconds, cpu_ms, again: crowd.again.get() }, handles))
}

/// Waits until the server has nothing left to do.
async fn rest(server: Process) -> io::Result<Used> {
    let begun = Instant::now();
    let mut before = server.used()?;
    loop {
        sleep(REST).await;
        let now = server.used()?;
        if now.server - before.server < REST / 50 || begun.elapsed() > PATIENCE {
            return Ok(now);
        }
        before = now;
    }
}

/// Watches in silence, if that was asked for.
async fn watch(crowd: &Crowd, server: Process) -> io::Result<Option<Idle>> {
    if crowd.plan.idle <= 0.0 {
        return Ok(None);
    }
    eprintln!("all are in, and nobody speaks");
    let (begun, before) = (Instant::now(), server.used()?);
    sleep(Duration::from_secs_f64(crowd.plan.idle)).await;
    let (seconds, after) = (begun.elapsed().as_secs_f64(), server.used()?);
    Ok(Some(Idle { seconds, cpu: (after.server - before.server).as_secs_f64() / seconds }))
}

/// Lets them talk.
async fn hold<S: Speaker>(crowd: &Rc<Crowd>, outboxes: &[Rc<Outbox>], server: Process) -> io::Result<Talk> {
    let talking = outboxes.iter().take(crowd.plan.senders).enumerate();
    let talking: Vec<_> =
        talking.map(|(number, outbox)| spawn_local(talk::<S>(crowd.clone(), number, outbox.clone()))).collect();
    sleep(Duration::from_secs_f64(crowd.plan.warm_up)).await;
    let (begun, before) = (Instant::now(), server.used()?);
    let delivered = {
        let mut tally = crowd.tally.borrow_mut();
        tally.counts = tally.now()..u64::MAX;
        tally.delivered
    };
    sleep(Duration::from_secs_f64(crowd.plan.seconds)).await;
    let (seconds, after) = (begun.elapsed().as_secs_f64(), server.used()?);
    let deliveries = {
        let mut tally = crowd.tally.borrow_mut();
        tally.counts.end = tally.now();
        tally.delivered - delivered
    };
    let resident_kib = server.resident()?;
    crowd.talks.set(false);
    let draining = Instant::now();
    while !crowd.tally.borrow().is_through() && draining.elapsed() < PATIENCE {
        sleep(Duration::from_millis(20)).await;
    }
    talking.iter().for_each(|task| task.abort());
    let share = |after: Duration, before: Duration| (after.saturating_sub(before)).as_secs_f64() / seconds;
    let server_busy = share(after.server, before.server);
    let load_busy = share(after.load, before.load);
    let times = &crowd.tally.borrow().times;
    let ms = |quantile| times.value_at_quantile(quantile) as f64 / 1e6;
    Ok(Talk {
        seconds,
        deliveries,
        deliveries_per_second: deliveries as f64 / seconds,
        cpu: server_busy * seconds * 1e6 / deliveries as f64,
        user: share(after.server_user, before.server_user) / server_busy,
        server_busy,
        load_busy,
        others_busy: (share(after.machine, before.machine) - server_busy - load_busy).max(0.0),
        resident_kib,
        latency_ms: Latency { p50: ms(0.5), p90: ms(0.9), p99: ms(0.99), p999: ms(0.999), max: ms(1.0) },
    })
}
