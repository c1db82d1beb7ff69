import TelosLearning

extension TaskDefinition {
    /// The task of an experiment's text: its `task`, `auxiliary` and `combine`. What else it holds is not looked at.
    /// - file: what errors call the text.
    /// - Throws: `ExperimentError` with everything that is wrong.
    public init(parsing text: String, file: String, registries: Registries = .builtIn) throws {
        let document = Document(text)
        var reader = ExperimentReader(registries: registries, problems: document.problems)
        guard let root = document.root, let task = reader.readDefinition(root) else {
            throw ExperimentError(file: file, problems: reader.problems)
        }
        self = task
    }
}
