// Sensors wait for what others do: with a slot (poke), without one (reschedule), or beside one another (async).

Dag.Define("sensors", dag =>
{
    dag.StartDate = Date.Of(2026, 1, 1);

    // Gaps of 200 ms at first, twice as long each time, a minute at most; no slot is held in between.
    var arrived = dag.Add("arrived", new FileSensor
    {
        Path = "/proc/self/status",
        Mode = SensorMode.Reschedule,
        PokeInterval = TimeSpan.FromMilliseconds(200),
        ExponentialBackoff = true,
        MaxWait = TimeSpan.FromMinutes(1),
        Timeout = TimeSpan.FromHours(6),
        SilentFail = true, // an error while looking is no more than: not yet
    });

    // What comes on some days only: after half a second it and what depends on it are skipped.
    var extra = dag.Add("extra", new FileSensor
    {
        Path = "/nonexistent/{{ ds }}.csv",
        Mode = SensorMode.Async,
        PokeInterval = TimeSpan.FromMilliseconds(200),
        Timeout = TimeSpan.FromMilliseconds(500),
        SoftFail = true,
    });

    // However it ends, it fails nobody: what cannot even be looked for is skipped, too.
    var nice = dag.Add("nice_to_have", new FileSensor { Path = "not/absolute.csv", Timeout = TimeSpan.FromSeconds(5), NeverFail = true });

    var load = dag.Add("load", new EmptyOperator());
    load.TriggerRule = TriggerRule.NoneFailedMinOneSuccess;
    foreach (var sensor in new[] { arrived, extra, nice })
    {
        sensor.Then(load);
    }
});
