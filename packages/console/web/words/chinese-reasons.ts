import type { ScanReason } from '../../src/console-contract.js';
import type { AlertWords } from './chinese-alerts.js';

/** Words of a reason and what to do about it. */
const says = (message: string, advice: string): AlertWords => ({ message, advice });

const EXPORT_AGAIN = '请重新导出整个序列。';
const CHECK_FOLDER = '请将数据集指向存放导出序列的文件夹。';
const CONVERT_AGAIN = '请从原始数据重新转换该体数据。';
const EACH_ALONE = '请将每一组单独导出为一个序列。';
const ORIGINAL = '请使用原始重建；同一体数据的各层应有相同的矩阵、间距和方向。';
const SEG_ON_GRID = '请在该序列的体素网格上导出分割。';
const LIST_OF_CLASSES = '请改用列表：caseClasses: {file: classes.csv}。';
const TRY_AGAIN = '请重试；若总在同一扫描处结束，请检查本机内存是否足够。';

/** In English imaging's own table says it; a reason that has no words here does not compile. */
export const CHINESE_REASONS: Readonly<Record<ScanReason, AlertWords>> = {
  'imaging/folder-unreadable': says('路径无法读取', '请确认该路径存在，且本账户有权读取。'),
  'imaging/folder-too-large': says('文件过多或文件夹层次过深', CHECK_FOLDER),
  'imaging/not-dicom': says('不是 DICOM 文件', '请重新导出为 DICOM Part 10，或将其移出文件夹。'),
  'imaging/no-dicom': says('文件夹中没有 DICOM 图像', CHECK_FOLDER),
  'imaging/no-scan': says('文件夹中没有扫描', '请指定存放扫描的文件夹；会逐层查找。'),
  'imaging/corrupt-file': says('文件损坏或不完整', '请重新导出或复制，并与原文件比较大小。'),
  'imaging/missing-attribute': says('缺少属性', '请重新导出序列，不要去除其几何属性。'),
  'imaging/bad-attribute': says(
    '属性不可用',
    '请重新导出序列；该属性必须符合 DICOM PS3.3 的定义。',
  ),
  'imaging/unsupported-transfer-syntax': says(
    '本版本无法解码其压缩方式',
    '请以 Explicit VR Little Endian 导出，或用 dcmdjpeg 或 gdcmconv 解压。',
  ),
  'imaging/missing-rescale': says(
    '部分层缺少 RescaleSlope 和 RescaleIntercept',
    '请重新导出序列。若所有层都没有且存储值已带单位，请在数据集中设置 missingRescale: stored-values。',
  ),
  'imaging/padding-as-air': says(
    '填充值低于任何 CT 测量值，按空气读取',
    '无需处理。要按存储值读取，请在数据集中设置 padding: keep。',
  ),
  'imaging/shown-inverted': says(
    '应反相显示（MONOCHROME1）；按存储值读取',
    '无需处理。若低值表示高密度，请在导出前反相。',
  ),
  'imaging/unsupported-pixels': says('像素类型不是扫描', '请使用原始的单通道图像序列。'),
  'imaging/projection': says('是平面图像，不是体数据的一层', '请使用体数据：CT、MR 或 PET。'),
  'imaging/mosaic': says(
    '是拼图：同一时刻的所有层在一幅图中',
    '请导出为增强型多帧图像，或用 dcm2niix 转换。',
  ),
  'imaging/not-an-image': says('不是图像', '无需处理：只使用图像序列及其分割。'),
  'imaging/single-slice': says('只有一层，无法得知层间距', EXPORT_AGAIN),
  'imaging/stray-slices': says(
    '另有几何不同的层，可能是定位像',
    '无需处理：使用体数据时不含这些层。',
  ),
  'imaging/mixed-orientations': says('含有方向不同的多组层', EACH_ALONE),
  'imaging/mixed-geometry': says('含有矩阵或像素间距不同的多组层', EACH_ALONE),
  'imaging/odd-slice': says('有些层与其他层不一致', ORIGINAL),
  'imaging/mixed-frames-of-reference': says(
    '各层处于不同的参考坐标系，位置无法比较',
    '请将每次扫描单独导出为一个序列；患者曾移动，或序列被合并。',
  ),
  'imaging/missing-slice': says('缺少层', EXPORT_AGAIN),
  'imaging/uneven-spacing': says('层间距不均匀', '请使用层间距均匀的重建。'),
  'imaging/sideways-slice': says(
    '有一层相对其他层横向偏移',
    '请重新导出序列；其位置不在同一直线上。',
  ),
  'imaging/gantry-tilt': says(
    '扫描时机架倾斜',
    '请使用无倾斜的重建，或在数据集中设置 gantryTilt: resample。',
  ),
  'imaging/several-volumes': says(
    '含有多个体数据',
    '请在数据集中用 volume 指明是哪一个，或将其单独导出。',
  ),
  'imaging/duplicate-positions': says(
    '有些层的位置与其他层重复',
    '若各层完整，请在数据集中用 volume 指明该属性的取值；否则请单独导出一个体数据。',
  ),
  'imaging/duplicate-instance': says('同一实例出现多次', '无需处理：每个实例只读取一次。'),
  'imaging/not-a-case': says(
    '不是本数据集的病例：没有任何条目为它给出标注',
    '要用于训练，请在 dataset.json 中列出它及其标注。用于预测则无需处理。',
  ),
  'imaging/case-name-shared': says(
    '多幅图像会成为同名病例',
    '请从 dataset.json 中只保留一幅，或为其余改名。',
  ),
  'imaging/duplicate-case': says('与另一病例是同一扫描、同一标注', '无需处理：只计一次。'),
  'imaging/conflicting-cases': says(
    '同一扫描有不同的标注',
    '请在 dataset.json 中只列一次，并使用正确的标注。',
  ),
  'imaging/mixed-patients': says(
    '同一序列 UID 下有多个患者或检查的层',
    '请从归档系统重新导出；UID 被重复使用，或文件被改动。',
  ),
  'imaging/conflicting-copies': says(
    '有 SOP 实例 UID 相同而内容不同的文件',
    '请保留归档系统中的那个文件，删除其余。',
  ),
  'imaging/file-changed': says('文件已不是读取文件夹时所见的那个', '请等导出完成后重新开始。'),
  'imaging/too-large': says('体素数超过上限', '请裁剪该体数据，或检查文件是否损坏。'),
  'imaging/not-nifti': says('不是 NIfTI 文件', '请重新转换，或将其移出文件夹。'),
  'imaging/not-nrrd': says('不是可读取的 NRRD 文件', '请重新保存为单个 .nrrd 文件。'),
  'imaging/unusable-header': says('文件头没有可用的几何信息', CONVERT_AGAIN),
  'imaging/orientation-assumed': says(
    '没有说明各轴的方向：按向右、向前、向上读取',
    '请查看其图片：若左右或上下有误，请从原始数据重新转换该体数据。',
  ),
  'imaging/sheared': says(
    '各轴不成直角',
    '请使用无倾斜的重建，或在数据集中设置 gantryTilt: resample。',
  ),
  'imaging/conflicting-geometry': says(
    '对几何有两种说法',
    '采用 sform。请更正文件头，或在数据集中设置 conflictingGeometry: refuse。',
  ),
  'imaging/planar': says('是平面图像；体数据应为三维', '请使用它所取自的体数据。'),
  'imaging/more-than-3d': says('超过三维；体数据应为三维', '请按通道或时间点拆分为多个文件。'),
  'imaging/not-msd': says(
    '不是 Medical Segmentation Decathlon 的 dataset.json',
    '请更正所指之处。',
  ),
  'imaging/no-such-site': says('没有该站点的病例', '请更正数据集的 site。'),
  'imaging/unsupported-format': says(
    '不是本版本可读取的体数据',
    '请给出 NIfTI 文件（.nii、.nii.gz），或只含一个 DICOM 序列的文件夹。',
  ),
  'imaging/not-one-series': says('可用的扫描不是恰好一个', '请给出单个扫描的文件夹。'),
  'imaging/label-missing': says('没有标注', '请将引用此序列的 DICOM SEG 放入该文件夹。'),
  'imaging/label-other-series': says(
    '引用的序列不在此文件夹中',
    '请将被分割的序列与其分割一起导出。',
  ),
  'imaging/label-no-reference': says(
    '没有引用任何序列，而此处有多个序列与其参考坐标系相同',
    '请带引用导出，或与其序列单独放入一个文件夹。',
  ),
  'imaging/label-other-frame-of-reference': says(
    '所绘的参考坐标系与其引用的序列不同',
    '请使用在此序列上绘制的分割，而非从另一扫描复制的。',
  ),
  'imaging/foreign-format': says(
    '是不读取的格式',
    '请转换为 NIfTI（.nii.gz），或使用其来源的 DICOM。',
  ),
  'imaging/archive': says('是压缩包，不会查看其中内容', '若其中有扫描，请解压。'),
  'imaging/own-prediction': says(
    '是 Fedvox 写的预测，不是人工标注',
    '无需处理：会被忽略。要作为标注读取，请在数据集中设置 predictions: use。',
  ),
  'imaging/label-slice-missing': says(
    '标注了序列中没有的层',
    '请重新导出整个序列，或使用为它制作的分割。',
  ),
  'imaging/label-grid-mismatch': says('不在其图像的体素网格上', SEG_ON_GRID),
  'imaging/label-corrected': says('其标注已由人工修正', '无需处理。删除该文件即恢复原有标注。'),
  'imaging/correction-resampled': says(
    '修正后的标注无法按所绘读回',
    '该扫描经重采样读取：请用其他程序修正其原有标注。',
  ),
  'imaging/correction-class': says(
    '其标注文件没有该类别的取值',
    '请在 dataset.json 的 labels 中为其指定，并重新评估模型。',
  ),
  'imaging/label-resampled': says(
    '有自己的网格，按图像的体素取样',
    '无需处理；在序列网格上的分割更准确。',
  ),
  'imaging/label-byte-aligned': says(
    '每帧从整字节开始，与 DICOM 不符；其长度表明如此',
    '无需处理：按其现状读取。请告知生成它的程序的开发者。',
  ),
  'imaging/label-declared-twice': says(
    '同一编号声明了两次',
    '请重新导出：每个分段需要自己的编号。',
  ),
  'imaging/label-undeclared': says(
    '使用了未声明的编号',
    '请完整地重新导出；无人能说明这些体素是什么。',
  ),
  'imaging/contours-skip-slices': says(
    '轮廓隔层绘制，中间的层没有',
    '请在数据集中用 contourGaps 指明：fill 为插值填充，keep 为保留条纹。',
  ),
  'imaging/label-classes': says(
    '缺少任务所需类别的分段',
    '请在数据集中用 labels 对应其分段；若确实不存在，请设置 missingLabels: empty。',
  ),
  'imaging/label-unmatched': says(
    '没有该名称的结构',
    '请更正 labels（--label）中的名称，或将其去掉。',
  ),
  'imaging/label-values': says(
    '含有不属于任何类别的标注值',
    '请在 dataset.json 中对应，或使用为这些类别制作的标注文件。',
  ),
  'imaging/no-class-list': says(
    '没有任何内容说明病例的类别',
    '请在站点的 data 中指定列表：caseClasses: {file: classes.csv}，或用 --case-classes FILE。',
  ),
  'imaging/class-list-unreadable': says(
    '病例类别列表无法读取',
    '请确认文件存在，且本账户有权读取。',
  ),
  'imaging/class-list-format': says(
    '病例类别列表格式有误',
    '请写成 CSV 文件：首行为 case,class 或 patient,class，其下每行一条。',
  ),
  'imaging/case-class-missing': says('列表中没有该病例的类别', '请为其添加一行。'),
  'imaging/case-class-conflict': says('列表为该病例给出多个类别', '请保留正确的一行。'),
  'imaging/case-class-unknown': says(
    '列表中的类别不属于此任务',
    '请按任务的写法填写，或在数据集中用 labels 对应。',
  ),
  'imaging/case-class-stray': says(
    '列表中有此处没有的病例',
    '若这些病例在别处则无需处理；否则请更正名称。',
  ),
  'imaging/case-attribute-missing': says('没有任何内容说明该病例的类别', LIST_OF_CLASSES),
  'imaging/case-attribute-conflict': says('说明类别的属性在各图像中不一致', LIST_OF_CLASSES),
  'imaging/case-value-unmapped': says(
    '该属性的值不在 caseClasses.values 中',
    '请查看文件头，并将其值对应到任务的类别。其他病例不使用。',
  ),
  'imaging/case-value-unknown': says(
    'caseClasses.values 给出的类别不属于此任务',
    '请将该值对应到任务所写的类别。',
  ),
  'imaging/ambiguous-label': says(
    '同一类别有多个分段',
    '请保留其一，用 labels 将其余对应到别的名称，或用通配合并：labels: {Lesion*: lesion}。',
  ),
  'imaging/overlapping-segments': says(
    '有体素同时属于两个分段',
    '若应由任务的类别顺序决定，请在数据集中设置 overlaps: later-class-wins。',
  ),
  'imaging/unsupported-segmentation': says('本版本无法读取此类分割', '请导出为二值 DICOM SEG。'),
  'imaging/patch-too-large': says(
    '图块大于体数据',
    '请在任务的 preprocess 中于其前加入不小于该大小的 crop-or-pad。',
  ),
  'imaging/spacing-unusable': says(
    '重采样后的体素数超过上限',
    '请在任务的 preprocess 中选择更大的间距。',
  ),
  'imaging/unusable-values': says(
    '有体素不是数值或数值过大',
    '请重新转换该体数据；背景必须为 0，而不是 NaN 或最小的数。',
  ),
  'imaging/unwritable-volume': says(
    '无法写成 DICOM',
    '请将体数据重采样到直角网格，或让斜率和截距自动选择。',
  ),
  'imaging/cache-unusable': says('缓存文件夹无法使用', '请指定本账户可写且有剩余空间的文件夹。'),
  'imaging/broken-invariant': says(
    '读取时违反了 Fedvox 的不变式',
    '这是 Fedvox 的缺陷，与扫描无关：请上报。其他病例照常读取。',
  ),
  'imaging/index-anew': says('索引已重新生成', '无需处理：它只用于节省时间。所有文件均已读取。'),
  'imaging/index-not-kept': says(
    '索引无法写入',
    '没有任何丢失；但在有空间和权限写入之前，每次查看都会读取所有文件头。',
  ),
  'imaging/reader-busy': says('等待读取的请求过多', '请降低任务的批大小。'),
  'imaging/reader-died': says('读取扫描的线程中途结束', TRY_AGAIN),
  'learning/spacing-out-of-range': says(
    '体素间距超出任务的范围',
    '请使用间距在范围内的序列；任务的要求由联盟决定。',
  ),
  'learning/wrong-modality': says('成像方式不是任务所要求的', '请使用任务所要求的成像方式的序列。'),
};
