// Incremental: copies one day's rows of MySQL into Redshift and replaces those that are there by their key, so that a day may be run again.
// Connections: mysql (mysql://...), s3 (s3://...), redshift (redshift://...). Variable: s3_bucket.

Dag.Define("mysql_to_redshift_v2", dag =>
{
    dag.Description = "Daily increment of nps from MySQL to Redshift by way of S3";
    dag.Schedule = Schedule.Daily;
    dag.StartDate = Date.Of(2021, 2, 5);
    dag.Catchup = CatchupMode.All;
    dag.Tags("mysql", "redshift");
    dag.MaxActiveRuns = 1;
    dag.Defaults.Owner = "data";
    dag.Defaults.Retries = 1;
    dag.Defaults.RetryDelay = TimeSpan.FromMinutes(3);
    var bucket = dag.Variable("s3_bucket", "data-lake");
    const string Key = "nps/nps-{{ ds }}.csv";

    var extract = dag.Add("mysql_nps_to_s3", new SqlToS3Operator
    {
        Query = "SELECT * FROM prod.nps WHERE DATE(created_at) = DATE('{{ execution_date }}')",
        SqlConnectionId = "mysql",
        S3Bucket = bucket,
        S3Key = Key,
        AwsConnectionId = "s3",
        Replace = true,
        NullMarker = "\\N", // Redshift would take empty strings for NULL without one.
    });

    var load = dag.Add("s3_nps_to_redshift", new S3ToRedshiftOperator
    {
        S3Bucket = bucket,
        S3Key = Key,
        AwsConnectionId = "s3",
        RedshiftConnectionId = "redshift",
        Schema = "raw_data",
        Table = "nps",
        NullMarker = "\\N",
        Method = LoadMethod.Upsert,
        UpsertKeys = ["id"],
    });

    extract.Then(load);
});
