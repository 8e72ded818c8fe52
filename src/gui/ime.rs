//! Dead keys, Compose and input methods, which druid's GTK backend does not know of.
//!
//! A GTK input context sees each key before druid does. What it makes of it is handed on as key presses of single
//! characters, synchronously, so that an Enter that follows cannot overtake an "é"; what it makes nothing of goes on
//! untouched. Text that comes later on its own (IBus) goes the same way. Only while a text box of ours has the focus.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use druid::{Rect, WidgetId};
use gtk::{
    gdk, glib,
    glib::translate::ToGlibPtr,
    prelude::{GtkWindowExt, IMContextExt, ObjectExt, WidgetExt},
};

thread_local! {
    /// The window's bridge; gtk lives on one thread.
    static BRIDGE: RefCell<Option<Rc<Bridge>>> = const { RefCell::new(None) };
}

struct Bridge {
    context: gtk::IMMulticontext,
    window: glib::WeakRef<gtk::Window>,
    /// Text that is committed while a key, or a call of ours, is being looked at. `None` at any other time.
    pending: RefCell<Option<String>>,
    /// The text box that has the focus.
    field: Cell<Option<WidgetId>>,
}

fn with_bridge(then: impl FnOnce(&Rc<Bridge>)) {
    let bridge = BRIDGE.with(|bridge| bridge.borrow().clone());
    if let Some(bridge) = bridge {
        then(&bridge);
    }
}

/// Connects the window to the input method. To be called once it is there, before it is used.
pub(crate) fn attach() {
    let Some(window) = super::desktop::window() else { return };
    let context = gtk::IMMulticontext::new();
    context.set_use_preedit(false);
    context.set_client_window(window.window().as_ref());
    let bridge =
        Rc::new(Bridge { context, window: window.downgrade(), pending: RefCell::new(None), field: Cell::new(None) });

    let committed = Rc::downgrade(&bridge);
    bridge.context.connect_commit(move |_, text| {
        let Some(bridge) = committed.upgrade() else { return };
        let collected = match bridge.pending.borrow_mut().as_mut() {
            Some(pending) => {
                pending.push_str(text);
                true
            }
            None => false,
        };
        if !collected {
            bridge.type_text(text, None);
        }
    });
    let pressed = Rc::clone(&bridge);
    window.connect_key_press_event(move |_, key| gtk::Inhibit(pressed.press(key)));
    let released = Rc::clone(&bridge);
    window.connect_key_release_event(move |_, key| {
        // druid must see each release too: it ends its own record of the key.
        if released.field.get().is_some() {
            released.context.filter_keypress(key);
        }
        gtk::Inhibit(false)
    });
    let activated = Rc::clone(&bridge);
    window.connect_is_active_notify(move |_| activated.focus_changed());
    let unrealized = Rc::clone(&bridge);
    window.connect_unrealize(move |_| unrealized.context.set_client_window(None));
    BRIDGE.with(|slot| *slot.borrow_mut() = Some(bridge));
}

impl Bridge {
    /// Looks at a key before druid does; true keeps it from druid.
    fn press(&self, key: &gdk::EventKey) -> bool {
        if self.field.get().is_none() {
            return false;
        }
        self.pending.replace(Some(String::new()));
        let used = self.context.filter_keypress(key);
        let text = self.pending.take().unwrap_or_default();
        if text.is_empty() {
            return used;
        }
        let mut own = [0; 4];
        if used && key.keyval().to_unicode().is_some_and(|c| text == *c.encode_utf8(&mut own)) {
            return false;
        }
        self.type_text(&text, Some(key));
        true
    }

    /// Hands text to druid as key presses of single characters, in place of `key` if there is one.
    fn type_text(&self, text: &str, key: Option<&gdk::EventKey>) {
        let Some(window) = self.window.upgrade() else { return };
        for c in text.chars().filter(|c| !c.is_control()) {
            let mut event = match key {
                Some(key) => key.clone(),
                None => {
                    let Ok(mut event) = gdk::Event::new(gdk::EventType::KeyPress).downcast::<gdk::EventKey>() else {
                        return;
                    };
                    event.as_mut().window = window.window().to_glib_full();
                    event
                }
            };
            let raw = event.as_mut();
            raw.keyval = *gdk::keys::Key::from_unicode(c);
            // Without Ctrl and Alt, or druid would take it for a shortcut.
            raw.state = 0;
            window.propagate_key_event(&event);
        }
    }

    /// Calls the context from inside druid, which must not be entered again: what is committed is typed afterwards.
    fn from_druid(self: &Rc<Self>, call: impl FnOnce(&gtk::IMMulticontext)) {
        self.pending.replace(Some(String::new()));
        call(&self.context);
        let text = self.pending.take().unwrap_or_default();
        if !text.is_empty() {
            let bridge = Rc::clone(self);
            glib::idle_add_local_once(move || bridge.type_text(&text, None));
        }
    }

    fn focus_changed(self: &Rc<Self>) {
        let active = self.window.upgrade().is_some_and(|window| window.is_active());
        let writing = active && self.field.get().is_some();
        self.from_druid(|context| {
            if writing {
                context.focus_in();
            } else {
                context.reset();
                context.focus_out();
            }
        });
    }
}

/// A text box has got the focus, or lost it.
pub(crate) fn focus_changed(field: WidgetId, on: bool) {
    with_bridge(|bridge| {
        if on {
            bridge.field.set(Some(field));
        } else if bridge.field.get() == Some(field) {
            bridge.field.set(None);
        }
        bridge.focus_changed();
    });
}

/// What was begun is dropped: the person has clicked elsewhere in the text.
pub(crate) fn reset() {
    with_bridge(|bridge| bridge.from_druid(IMContextExt::reset));
}

/// Where the caret is in the window, for the input method's own panel.
pub(crate) fn caret(at: Rect) {
    with_bridge(|bridge| {
        let area = gdk::Rectangle::new(at.x0 as i32, at.y0 as i32, at.width() as i32, at.height() as i32);
        bridge.context.set_cursor_location(&area);
    });
}
