import GRDB

extension RunStore {
    /// Every change of the tables, in order. A released migration is never edited: a later one corrects it.
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 runs, seeds and what they log") { database in
            try database.create(table: "runs") { table in
                table.primaryKey("id", .text)
                table.column("name", .text).notNull()
                table.column("slug", .text).notNull()
                table.column("number", .integer).notNull()
                table.column("created", .text).notNull()
                table.column("status", .text).notNull()
                table.column("environment", .text).notNull()
                table.column("learner", .text).notNull()
                table.column("source", .text).notNull()
                table.column("resolved", .text).notNull()
                table.column("formatVersion", .integer).notNull()
                table.uniqueKey(["slug", "number"])
            }
            try database.create(table: "seeds", options: [.withoutRowID]) { table in
                table.column("run", .text).notNull().references("runs", onDelete: .cascade)
                table.column("seed", .integer).notNull()
                table.column("steps", .integer).notNull()
                table.column("status", .text).notNull()
                table.column("seconds", .double).notNull()
                table.column("trainingReturn", .double)
                table.column("evaluationReturn", .double)
                table.column("terms", .text).notNull()
                table.column("weights", .text).notNull()
                table.column("message", .text).notNull()
                table.primaryKey(["run", "seed"])
            }
            func createSeries(_ name: String, _ key: String, _ value: String = "value") throws {
                try database.create(table: name, options: [.withoutRowID]) { table in
                    table.column("run", .text).notNull().references("runs", onDelete: .cascade)
                    table.column("seed", .integer).notNull()
                    table.column("step", .integer).notNull()
                    table.column(key, key == "episode" ? .integer : .text).notNull()
                    // Null stands for NaN, which SQLite does not store.
                    table.column(value, .double)
                    if key == "episode" {
                        table.column("length", .integer).notNull()
                        table.column("end", .text).notNull()
                    }
                    table.primaryKey(["run", "seed", "step", key])
                }
            }
            try createSeries("points", "kind")
            try createSeries("terms", "term")
            try createSeries("metrics", "name")
            try createSeries("evaluations", "episode", "primaryReturn")
        }
        return migrator
    }
}
