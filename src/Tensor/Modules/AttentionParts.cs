namespace Sagan.Native.Modules;

/// <summary>
/// What a <see cref="SelfAttention"/> block computed in one call, y = x + gamma o. With several heads, row n heads + h of q, k and v
/// belongs to head h of image n.
/// </summary>
/// <param name="X">The block's input, weighed by channels where the block does that.  [N,H,W,C]</param>
/// <param name="Q">Queries, one for each pixel.  [N heads, H W, d]</param>
/// <param name="K">Keys, pooled by each scale, one scale after the other.  [N heads, M, d]</param>
/// <param name="V">Values.  [N heads, M, dv]</param>
/// <param name="Read">What each query reads, softmax(scale q k^T) v.  [N heads, H W, dv]</param>
/// <param name="O">The branch, before gamma.  [N,H,W,C]</param>
/// <param name="Y">The block's output.  [N,H,W,C]</param>
/// <param name="Scale">What q k^T is multiplied by before the softmax.</param>
public readonly record struct AttentionParts(Tensor X, Tensor Q, Tensor K, Tensor V, Tensor Read, Tensor O, Tensor Y,
    float Scale);
