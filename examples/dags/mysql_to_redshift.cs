// Full refresh: copies a table of MySQL whole into Redshift, once a day.
// Connections: mysql (mysql://...), s3 (s3://...), redshift (redshift://...). Variable: s3_bucket.

Dag.Define("mysql_to_redshift", dag =>
{
    dag.Description = "Full refresh of nps from MySQL to Redshift by way of S3";
    dag.Schedule = Schedule.Daily;
    dag.StartDate = Date.Of(2021, 2, 5);
    dag.Tags("mysql", "redshift");
    dag.MaxActiveRuns = 1; // Two runs would write the same object and replace the same table.
    dag.Defaults.Owner = "data";
    dag.Defaults.Retries = 1;
    dag.Defaults.RetryDelay = TimeSpan.FromMinutes(3);
    var bucket = dag.Variable("s3_bucket", "data-lake");

    var extract = dag.Add("mysql_nps_to_s3", new SqlToS3Operator
    {
        Query = "SELECT * FROM prod.nps",
        SqlConnectionId = "mysql",
        S3Bucket = bucket,
        S3Key = "nps/nps.csv",
        AwsConnectionId = "s3",
        Replace = true,
        NullMarker = "\\N", // Redshift would take empty strings for NULL without one.
    });

    var load = dag.Add("s3_nps_to_redshift", new S3ToRedshiftOperator
    {
        S3Bucket = bucket,
        S3Key = "nps/nps.csv",
        AwsConnectionId = "s3",
        RedshiftConnectionId = "redshift",
        Schema = "raw_data",
        Table = "nps",
        NullMarker = "\\N",
        Method = LoadMethod.Replace,
    });

    extract.Then(load);
});
