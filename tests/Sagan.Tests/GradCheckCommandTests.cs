using System.Text.Json.Nodes;
using Sagan.Native.Checks;
using Sagan.Native.Commands;
using Sagan.Native.Commands.Console;
using Sagan.Native.Kernels;

namespace Sagan.Native.Tests;

[Quick]
public class GradCheckCommandTests
{
    static (int Code, string Output, string Error) Sagan(params string[] arguments)
    {
        StringWriter output = new(), error = new();
        int code = SaganCommandLine.Run(["gradcheck", .. arguments], output, error);
        return (code, output.ToString(), error.ToString().TrimEnd());
    }

    [Fact]
    public void Against_a_device_every_case_is_compared_in_value_and_gradients()
    {
        (int code, string output, string error) = Sagan("--device", "cpu", "--against", "reference", "--json");
        Assert.Equal((0, ""), (code, error));
        JsonNode json = JsonNode.Parse(output)!;
        Assert.Equal(("cpu", "reference", 0), ((string?)json["device"], (string?)json["against"], (int)json["failed"]!));
        Assert.Equal(OpCases.All.Count, json["cases"]!.AsArray().Count);
        Assert.All(json["cases"]!.AsArray(), c =>
            Assert.True((bool)c!["passed"]! && (double)c["difference"]! <= DeviceCheck.Tolerance, c.ToString()));
    }

    [Fact]
    public void Named_operations_alone_are_compared()
    {
        (int code, string output, string error) = Sagan("--op", "matmul", "--against", "reference");
        Assert.Equal((0, ""), (code, error));
        Assert.Contains("MatMul (batch, b shared)", output);
        Assert.DoesNotContain("Conv2d", output);
        Assert.EndsWith("cases passed: values and gradients on cpu differ from reference by at most 2E-05 of the largest value.",
            output.TrimEnd());
    }

    [Fact]
    public void A_precision_that_the_device_lacks_is_told_in_one_line_and_float32_is_used()
    {
        (int code, string output, string error) = Sagan("--op", "matmul", "--against", "reference", "--matmul-precision", "high");
        Assert.Equal((0, "warning: matmul precision high: cpu has no tensor cores, as NVIDIA GPUs have from compute capability 8.0 on; it "
            + "stays at highest, float32."), (code, error));
        Assert.EndsWith("differ from reference by at most 2E-05 of the largest value.", output.TrimEnd());
    }

    [Fact]
    public void Finite_differences_are_not_taken_of_rounded_products()
    {
        (int code, _, string error) = Sagan("--op", "matmul", "--matmul-precision", "medium");
        Assert.Equal((2, "error: --matmul-precision: finite differences need float32; compare with a device that has it: --against "
            + "reference."), (code, error));
    }

    [Fact]
    public void Shapes_seed_and_numbers_can_be_ones_own()
    {
        (int code, string output, string error) = Sagan("--op", "attention", "--shape", "1,4,2", "--shape", "1,6,2", "--shape", "1x6x3",
            "--seed", "5");
        Assert.Equal((0, ""), (code, error));
        Assert.Matches(@"(?m)^\d cases passed", output);
        Assert.NotEqual(output, Sagan("--op", "attention", "--shape", "1,4,2", "--shape", "1,6,2", "--shape", "1,6,3", "--seed", "6")
            .Output);

        // |x| at 0: a kink, which is said.
        output = Sagan("--op", "abs", "--values", "0,1,-2").Output;
        Assert.Contains("1 element at a kink skipped: input 0 [0] = 0", output);
        Assert.Equal(0, Sagan("--op", "abs", "--shape", "3,1", "--values", "0.5,1,-2", "--against", "reference").Code);
    }

    [Theory]
    [InlineData("--shape and --values: they are those of the inputs of one op; name it with --op.", "--shape", "3")]
    [InlineData("--op matmul: no case of it takes inputs [2, 3] [4, 5]: MatMul: matmul: inner dimensions differ: a [2, 3] has 3 columns, "
        + "b [4, 5] has 4 rows.", "--op", "matmul", "--shape", "2,3", "--shape", "4,5")]
    [InlineData("--op exp: no case of it takes inputs [2] [2]: Exp has inputs [3, 17], so many are needed.", "--op", "exp", "--shape", "2",
        "--shape", "2")]
    [InlineData("--shape 2,-1: '-1' is not one of the sizes that are needed, such as 2,5,3.", "--op", "exp", "--shape", "2,-1")]
    [InlineData("--values 1,nan: 'nan' is not one of the numbers that are needed, such as 0.5,-1,2.", "--op", "exp", "--values",
        "1,nan")]
    [InlineData("--values: 2 numbers for input 0, its --shape [3] has 3.", "--op", "exp", "--shape", "3", "--values", "1,2")]
    public void Inputs_that_do_not_fit_are_told_in_one_line(string expected, params string[] arguments)
    {
        (int code, _, string error) = Sagan(arguments);
        Assert.Equal((2, $"error: {expected}"), (code, error));
    }

    [Theory]
    [InlineData("--device", "gpu")]
    [InlineData("--against", "gpu")]
    public void A_wrong_device_exits_4_and_tells_those_there_are(string option, string name)
    {
        (int code, string output, string error) = Sagan(option, name, "--op", "exp");
        Assert.Equal((4, "", "error: device 'gpu' is unknown; known devices: cpu, reference, cuda:0, opencl:0, emulated."),
            (code, output, error));
    }

    [Fact]
    public void A_difference_is_reported_with_its_element_and_both_values()
    {
        OpCase wrong = new("Wrong", "at one place", [new Shape(3)], t =>
            t[0].Device == Device.Cpu ? 0 * t[0] + Tensor.From([1, 1, 1.5f], new Shape(3)) : 0 * t[0] + 1);
        StringWriter output = new();
        CommandContext context = new(new Terminal(output, TextWriter.Null, TerminalOptions.OfProcess(quiet: false, noColour: true)),
            Json: true);
        CheckFailedException e = Assert
            .Throws<CheckFailedException>(() => GradCheckCommand.Compare([OpCases.All[0], wrong], Device.Cpu, Device.Reference, context));
        Assert.Equal(ExitCode.CheckFailed, ExitCodes.Of(e));
        Assert.Equal("gradcheck: 1 of 2 cases on cpu differ from reference by more than 2E-05 of the largest value, or did not run. "
            + "The first: Wrong (at one place): value[2] is 1.5, expected 1", e.Message);
        JsonNode json = JsonNode.Parse(output.ToString())!;
        string expected = """{"op":"Wrong","variant":"at one place","passed":false,"output":"value","element":2"""
            + ""","actual":1.5,"expected":1,"difference":0.5}""";
        Assert.Equal(expected, json["cases"]![1]!.ToJsonString());
        Assert.Equal(1, (int)json["failed"]!);
    }
}
