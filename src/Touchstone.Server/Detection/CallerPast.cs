namespace Touchstone.Server.Detection;

/// <summary>What a caller is compared with: where its minute began, how it used to be, and which detections hold, each told once until a minute passes without it.</summary>
internal sealed class CallerPast
{
    // Below this a minute says nothing: a share of few is chance, and ten a second is no flood.
    private const int LeastForRate = 600;
    private const int LeastForShare = 100;

    private CallerCounts _minute;
    private Baseline _rate, _refusals;
    private bool _isScanning, _isFast, _isRefused;

    /// <summary>Tells a scan as soon as it is one.</summary>
    internal bool BeginsToScan(CallerCounts now, DetectionOptions options, out CallerCounts minute)
    {
        minute = now - _minute;
        return !_isScanning && (_isScanning = IsScan(minute, options));
    }

    /// <summary>Ends the minute: compares it with those before, and takes it in.</summary>
    internal (bool Rate, bool Refusals, CallerCounts Minute) EndMinute(CallerCounts now, DetectionOptions options)
    {
        var minute = now - _minute;
        _minute = now;
        _isScanning = _isScanning && IsScan(minute, options);
        if (minute.Asked == 0)
        {
            // An idle minute is no behaviour: a caller that rests at night would begin each day with an alarm.
            _isFast = _isRefused = false;
            return default;
        }

        var atLeast = Math.Max(LeastForRate, 2 * _rate.Mean);
        var isFast = _rate.IsFar(minute.Asked, atLeast);
        _rate.Learn(minute.Asked, atLeast);
        var rate = isFast && !_isFast;
        _isFast = isFast;
        if (minute.Asked < LeastForShare) return (rate, false, minute);

        const double ShareAtLeast = 0.25;
        var share = (double)minute.Inactive / minute.Asked;
        var isRefused = _refusals.IsFar(share, ShareAtLeast);
        _refusals.Learn(share, ShareAtLeast);
        var refusals = isRefused && !_isRefused;
        _isRefused = isRefused;
        return (rate, refusals, minute);
    }

    private static bool IsScan(CallerCounts minute, DetectionOptions options) => minute.Unknown >= options.ScanningTokens && minute.Unknown * 100 >= minute.Asked * options.ScanningPercent;
}
