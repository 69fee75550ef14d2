"""ovslib.py: the database of Open vSwitch, as far as ports of bridges go, at a Unix socket (RFC 7047): transactions of select, insert, mutate and wait over the tables
Open_vSwitch, Bridge, Port and Interface, names that may be there once, and rows that go with the last that names them.  The switch behind it has at once done what it was told."""
import copy, json, os, socket, threading, uuid


def values(column):
    """a set's, a map's or one value's"""
    return column[1] if isinstance(column, list) and column[0] in ("set", "map") else [column]


class Refused(Exception):
    pass


class Switch:
    def __init__(self, path, *bridges):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        self.lock, self.follows, self.answer = threading.Lock(), True, None
        self.tables = {"Open_vSwitch": {"root": {"next_cfg": 0, "cur_cfg": 0}}, "Bridge": {}, "Port": {}, "Interface": {}}
        for b in bridges:
            self.tables["Bridge"][str(uuid.uuid4())] = {"name": b, "ports": ["set", []]}
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            threading.Thread(target=self.served, args=(self.listener.accept()[0],), daemon=True).start()

    def served(self, client):
        try:
            self.serve(client)
        except OSError:
            pass

    def serve(self, client):
        text, decoder = "", json.JSONDecoder()
        with client:
            while True:
                try:
                    request, end = decoder.raw_decode(text)
                except ValueError:
                    more = client.recv(65536)
                    if not more:
                        return
                    text += more.decode()
                    continue
                text = text[end:]
                reply = self.answer if self.answer is not None else json.dumps({"id": request["id"], "result": self.transact(request["params"]), "error": None}, separators=(",", ":")).encode()
                client.sendall(b'{"id":"echo","method":"echo","params":[]}' + reply)

    def transact(self, params):
        assert params[0] == "Open_vSwitch", params
        with self.lock:
            before, results, self.named = copy.deepcopy(self.tables), [], {}
            try:
                for op in params[1:]:
                    results.append(getattr(self, op["op"])(op))
                self.commit()
            except Refused as e:
                self.tables = before
                results += [{"error": e.args[0], "details": e.args[1]}] + [None] * (len(params) - 2 - len(results))
            root = self.tables["Open_vSwitch"]["root"]
            if self.follows:
                root["cur_cfg"] = root["next_cfg"]
            return results

    def rows(self, op):
        def holds(row_id, row):
            for column, how, what in op["where"]:
                has = row.get(column)
                if how == "==" and has != what or how == "includes" and not all(v in values(has or ["set", []]) for v in values(what) if what[0] != "uuid") or \
                        how == "includes" and what[0] == "uuid" and what not in values(has):
                    return False
            return True
        return [(i, r) for i, r in self.tables[op["table"]].items() if holds(i, r)]

    def select(self, op):
        return {"rows": [{c: ["uuid", i] if c == "_uuid" else r[c] for c in op["columns"]} for i, r in self.rows(op)]}

    def wait(self, op):
        if [{c: r[c] for c in op["columns"]} for i, r in self.rows(op)] != op["rows"]:
            raise Refused("timed out", '"where" clause never matched')
        return {}

    def update(self, op):
        found = [row for i, row in self.tables[op["table"]].items() if op["where"] == [["_uuid", "==", ["uuid", i]]]]
        for row in found:
            row.update(op["row"])
        return {"count": len(found)}

    def insert(self, op):
        new = str(uuid.uuid4())
        self.named[op["uuid-name"]] = new
        self.tables[op["table"]][new] = {k: ["uuid", self.named[v[1]]] if isinstance(v, list) and v[0] == "named-uuid" else v for k, v in op["row"].items()}
        return {"uuid": ["uuid", new]}

    def mutate(self, op):
        found = self.rows(op)
        for _, row in found:
            for column, how, what in op["mutations"]:
                if how == "+=":
                    row[column] += what
                    continue
                what = ["uuid", self.named[what[1]]] if what[0] == "named-uuid" else what
                row[column] = ["set", [v for v in row[column][1] if v != what] + ([what] if how == "insert" else [])]
        return {"count": len(found)}

    def commit(self):
        for table, owner, column in ("Port", "Bridge", "ports"), ("Interface", "Port", "interfaces"):
            used = [v[1] for r in self.tables[owner].values() for v in values(r[column]) if v]
            self.tables[table] = {i: r for i, r in self.tables[table].items() if i in used}
            names = [r["name"] for r in self.tables[table].values()]
            if len(set(names)) < len(names):
                raise Refused("constraint violation", "Transaction causes multiple rows in \"%s\" table to have identical values" % table)

    def ports(self, bridge):
        """[(port, interface)] of a bridge, each without what only the database needs"""
        with self.lock:
            row = [r for r in self.tables["Bridge"].values() if r["name"] == bridge][0]
            ports = [self.tables["Port"][v[1]] for v in row["ports"][1]]
            return [({k: v for k, v in p.items() if k not in ("interfaces", "external_ids") and v != ["set", []]}, dict(self.tables["Interface"][p["interfaces"][1]]["external_ids"][1])) for p in ports]
