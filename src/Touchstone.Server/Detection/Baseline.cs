namespace Touchstone.Server.Detection;

/// <summary>The past of a number, as its mean and variance, in which each new value weighs a twentieth: some twenty values are remembered.</summary>
internal struct Baseline
{
    private const double Weight = 0.05;
    private const double Deviations = 4;
    private const int WarmUp = 15;

    private double _mean, _variance;
    private int _seen;

    internal readonly double Mean => _mean;

    /// <summary>Whether a value is far above the past: by four deviations, and by this much at least. Never before there is a past of <see cref="WarmUp"/> values.</summary>
    internal readonly bool IsFar(double value, double atLeast) => _seen >= WarmUp && value > Limit(atLeast);

    /// <summary>Takes a value in. One that is far counts as the last that is not, so that what is unusual becomes usual only slowly.</summary>
    internal void Learn(double value, double atLeast)
    {
        if (_seen >= WarmUp) value = Math.Min(value, Limit(atLeast));
        // The first values weigh as in a plain mean.
        var weight = Math.Max(Weight, 1.0 / ++_seen);
        var difference = value - _mean;
        _mean += weight * difference;
        _variance = (1 - weight) * (_variance + (weight * difference * difference));
    }

    private readonly double Limit(double atLeast) => _mean + Math.Max(atLeast, Deviations * Math.Sqrt(_variance));
}
