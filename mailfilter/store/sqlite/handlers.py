"""Which function carries out which call."""

from collections.abc import Callable, Mapping
from typing import Any

from .. import base
from . import dump, groups, histories, logs, notices, upkeep, values

Handler = Callable[..., Any]
"""Takes the connection, the store's time in milliseconds and the call; gives its answer."""

HANDLERS: Mapping[type[base.Call[Any]], Handler] = {
    base.Get: values.get,
    base.Put: values.put,
    base.PutIfAbsent: values.put_if_absent,
    base.Delete: values.delete,
    base.Count: values.count,
    base.Take: values.take,
    base.SetAdd: groups.set_add,
    base.SetHas: groups.set_has,
    base.SetMembers: groups.set_members,
    base.SetRemove: groups.set_remove,
    base.HashGet: groups.hash_get,
    base.HashAll: groups.hash_all,
    base.HashPut: groups.hash_put,
    base.HashAdd: groups.hash_add,
    base.HashRemove: groups.hash_remove,
    base.HistoryAdd: histories.history_add,
    base.HistoryFind: histories.history_find,
    base.HistoryGet: histories.history_get,
    base.HistoryClear: histories.history_clear,
    base.LogAppend: logs.log_append,
    base.LogBegin: logs.log_begin,
    base.LogRead: logs.log_read,
    base.LogAcknowledge: logs.log_acknowledge,
    base.LogForget: logs.log_forget,
    base.LogLook: logs.log_look,
    base.LogTrim: logs.log_trim,
    base.SnapshotPut: logs.snapshot_put,
    base.SnapshotGet: logs.snapshot_get,
    base.Publish: notices.publish,
    base.Dump: dump.dump,
    notices.Listen: notices.listen,
    upkeep.Sweep: upkeep.sweep,
    upkeep.Look: upkeep.look,
    upkeep.Inspect: upkeep.inspect,
    upkeep.Backup: upkeep.backup,
}
