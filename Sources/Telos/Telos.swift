@_exported import TelosEnvironments
@_exported import TelosEvaluation
@_exported import TelosFeedback
@_exported import TelosLearning
@_exported import TelosNN
@_exported import TelosRewards
@_exported import TelosTensor
