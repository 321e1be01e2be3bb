using Sagan.Native.Modules;

namespace Sagan.Native.Models;

/// <summary>
/// Self-attention that adds a vector of the image's class to all queries. (Added to all keys it would change nothing: a softmax does not
/// see it.)
/// </summary>
sealed class ClassAttention : SelfAttention, IConditional
{
    readonly Embedding query;

    public ClassAttention(int channels, Initializer init, float gamma, AttentionOptions options, Func<Module, Module>? normalize,
        int classes)
        : base(channels, init, gamma, options, normalize) => query = Child("class_query", new Embedding(classes, QueryWidth, init, 0));

    public Tensor Call(Tensor x, Condition? condition) => Apply((Block: this, x, condition), static a => a.Block.Attend(a.x, a.condition));

    protected override Tensor Forward(Tensor x) => Attend(x, null);

    Tensor Attend(Tensor x, Condition? condition) => condition == null
        ? throw new InvalidOperationException("self_attention: its queries depend on the class; call it with a condition.")
        : Attend(x, condition.Rows(query.Call));
}
