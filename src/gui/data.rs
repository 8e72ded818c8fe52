//! The model, as druid's data: two of a kind are the same when they are equal.

use druid::Data;

use super::model::{
    Model, Screen,
    adjust::Overlay,
    examination::Examination,
    known::Known,
    room::{Room, Side},
    start::Doing,
    transcript::Feed,
};

macro_rules! same_when_equal {
    ($($data:ty),+ $(,)?) => {
        $(impl Data for $data {
            fn same(&self, other: &Self) -> bool {
                self == other
            }
        })+
    };
}

same_when_equal!(Model, Overlay, Screen, Room, Doing, Side, Feed, Known, Examination);
