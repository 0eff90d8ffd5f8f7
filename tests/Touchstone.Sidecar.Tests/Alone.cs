namespace Touchstone.Sidecar.Tests;

/// <summary>Tests of what is one for the whole process: nothing runs beside them.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
