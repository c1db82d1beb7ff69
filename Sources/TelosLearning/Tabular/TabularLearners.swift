extension Learners { static let tabular: [LearnerEntry] = [] }
