// One file is waited for in three ways. They differ in what the waiting costs.
// Connection: s3 (s3://...). Variable: s3_bucket.

Dag.Define("s3_sensor_example", dag =>
{
    dag.Schedule = Schedule.Daily;
    dag.StartDate = Date.Of(2021, 2, 5);
    dag.Tags("example", "s3", "sensor");
    var bucket = dag.Variable("s3_bucket", "data-lake");

    S3KeySensor Wait(SensorMode mode) => new()
    {
        BucketName = bucket,
        BucketKey = "incoming/{{ ds }}/ready",
        AwsConnectionId = "s3",
        Mode = mode,
        PokeInterval = TimeSpan.FromSeconds(30),
        Timeout = TimeSpan.FromHours(6),
    };

    // Holds its slot from the first poke to the last: right for waits of seconds.
    var poke = dag.Add("wait_poke", Wait(SensorMode.Poke));

    // Gives its slot back between pokes: right for waits of minutes and hours.
    var reschedule = dag.Add("wait_reschedule", Wait(SensorMode.Reschedule));

    // Takes no slot at all: thousands may wait at once.
    var async = dag.Add("wait_async", Wait(SensorMode.Async));

    Dag.Chain([poke, reschedule, async], dag.Add("use_file", new EmptyOperator()));
});
